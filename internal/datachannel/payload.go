package datachannel

import (
	"encoding/json"
	"time"
)

// Open is what a client sends first, as text: who it is and what lets it in.
type Open struct {
	MessageSchemaVersion string
	RequestID            string `json:"RequestId"`
	TokenValue           string
	ClientID             string `json:"ClientId"`
	ClientVersion        string
	// Hatoba is how our own client asks for what AWS's protocol leaves out;
	// nil from any other.
	Hatoba *Wishes `json:",omitempty"`
}

// Wishes is what our own client says about the command it wants: whether it
// has a terminal, whether there is input, and that it understands stderr apart
// (Stderr) and the exit code (ExitCode). The end of input is FlagFIN.
type Wishes struct {
	Terminal bool
	Stdin    bool
	Cols     uint16
	Rows     uint16
}

// acknowledgement is the payload of Acknowledge.
type acknowledgement struct {
	MessageType  string `json:"AcknowledgedMessageType"`
	MessageID    string `json:"AcknowledgedMessageId"`
	Sequence     int64  `json:"AcknowledgedMessageSequenceNumber"`
	IsSequential bool   `json:"IsSequentialMessage"`
}

// closing is the payload of ChannelClosed. Output is shown to the user.
type closing struct {
	MessageID     string `json:"MessageId"`
	CreatedDate   string
	DestinationID string `json:"DestinationId"`
	SessionID     string `json:"SessionId"`
	MessageType   string
	SchemaVersion int
	Output        string
}

// TerminalSize is the payload of Size.
type TerminalSize struct {
	Cols uint32 `json:"cols"`
	Rows uint32 `json:"rows"`
}

// Flags a client sends as the payload of Flag: a big-endian uint32.
const (
	DisconnectToPort = 1
	TerminateSession = 2
)

// Handshake is the payload of HandshakeRequest: what the client is asked to do
// before the session begins.
type Handshake struct {
	AgentVersion           string
	RequestedClientActions []Action
}

// Action is one thing asked of the client. "SessionType" is one that every
// client knows; "KMSEncryption" is never asked for here.
type Action struct {
	ActionType       string
	ActionParameters any
}

// SessionType is the parameter of the action of its name. ECS Exec's sessions
// are "InteractiveCommands".
type SessionType struct {
	SessionType string
	Properties  any
}

// HandshakeAnswer is the payload of HandshakeResponse.
type HandshakeAnswer struct {
	ClientVersion          string
	ProcessedClientActions []Processed
	Errors                 []string
}

// Processed tells how an action went: 1 well, 2 failed, 3 unknown.
type Processed struct {
	ActionType   string
	ActionStatus int
	ActionResult json.RawMessage
	Error        string
}

// HandshakeDone is the payload of HandshakeComplete.
type HandshakeDone struct {
	HandshakeTimeToComplete time.Duration
	CustomerMessage         string
}
