package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/datachannel"
)

func execCommand(s *settings) *cobra.Command {
	var container string
	var input, terminal bool
	cmd := &cobra.Command{
		Use:   "exec [-it] TASK [-c CONTAINER] -- COMMAND [ARG...]",
		Short: "Run a command in a container of a running task, with ECS Exec",
		Long: `Run a command in a container of a running task, over the same API and channel
as 'aws ecs execute-command', without a plugin. The task must have been run with
--enable-execute-command.

The exit code is the command's; 126 when it could not be run, 1 when the session
ended before the command did.`,
		Example: `  hatoba exec -it 0123456789abcdef0123456789abcdef -- /bin/sh
  echo hello | hatoba exec -i TASK -c app -- cat`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if terminal && !isTerminal(cmd.InOrStdin()) {
				return errors.New("the input is not a terminal: leave -t out")
			}
			return explain(c, runExec(cmd, c, args[0], container, args[1:], input, terminal))
		},
	}
	cmd.Flags().StringVarP(&container, "container", "c", "", "name of the container, if the task has several")
	cmd.Flags().BoolVarP(&input, "interactive", "i", false, "hand standard input on")
	cmd.Flags().BoolVarP(&terminal, "tty", "t", false, "give the command a terminal")
	return cmd
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func runExec(cmd *cobra.Command, c config.Config, id, container string, args []string, input, terminal bool) error {
	ctx := cmd.Context()
	client := ecs.NewFromConfig(sdk(c))
	task, err := findTask(ctx, client, id)
	if err != nil {
		return err
	}
	in := &ecs.ExecuteCommandInput{Cluster: task.ClusterArn, Task: task.TaskArn, Command: aws.String(commandLine(args)), Interactive: true}
	if container != "" {
		in.Container = &container
	}
	granted, err := client.ExecuteCommand(ctx, in)
	if err != nil {
		return fmt.Errorf("%w%s", err, enableHint(task))
	}
	e := &executing{
		cfg: c, url: aws.ToString(granted.Session.StreamUrl), id: aws.ToString(granted.Session.SessionId),
		stream: datachannel.NewClient(), out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(),
		wishes: datachannel.Wishes{Terminal: terminal, Stdin: input || terminal},
	}
	if terminal {
		restore, err := e.raw(cmd.InOrStdin().(*os.File))
		if err != nil {
			return err
		}
		defer restore()
	}
	if e.wishes.Stdin {
		e.in = cmd.InOrStdin()
	}
	return e.run(ctx, aws.ToString(granted.Session.TokenValue))
}

// findTask reads an ARN, an id or the beginning of one.
func findTask(ctx context.Context, client *ecs.Client, id string) (found ecstypes.Task, err error) {
	tasks, err := listTasks(ctx, client, false)
	if err != nil {
		return found, err
	}
	n := 0
	for _, t := range tasks {
		if strings.HasPrefix(lastPart(t.TaskArn), id[strings.LastIndex(id, "/")+1:]) {
			found = t
			n++
		}
	}
	switch n {
	case 0:
		return found, fmt.Errorf("no running task %s: `hatoba ps` lists them", id)
	case 1:
		return found, nil
	}
	return found, fmt.Errorf("%d running tasks begin with %s: name more of the id", n, id)
}

func enableHint(t ecstypes.Task) string {
	if t.EnableExecuteCommand {
		return ""
	}
	return "\nrun the task with: aws ecs run-task --enable-execute-command …"
}

// commandLine makes one line of words, which ECS splits into the same words again.
func commandLine(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}

// executing is one session, seen from the person's end.
type executing struct {
	cfg    config.Config
	url    string
	id     string
	stream *datachannel.Stream
	wishes datachannel.Wishes
	in     io.Reader // nil: none
	out    io.Writer
	err    io.Writer
}

// run is the session's life; its error carries the command's exit code.
func (e *executing) run(ctx context.Context, token string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	served := make(chan struct{})
	go func() {
		defer close(served)
		cancel(e.serve(ctx, token))
	}()
	defer func() { cancel(nil); <-served }()
	if err := e.stream.AnswerHandshake(ctx, "hatoba"); err != nil {
		return e.ended(ctx, -1, err)
	}
	if e.in != nil {
		go e.typed(ctx) // ends with the program: a read of a terminal cannot be cut short
	}
	return e.shown(ctx)
}

// serve keeps a connection until the session ends. One that is lost is
// resumed, as AWS's plugin does.
func (e *executing) serve(ctx context.Context, token string) error {
	open := datachannel.Open{TokenValue: token, ClientID: e.id, ClientVersion: "hatoba", Hatoba: &e.wishes}
	h := http.DefaultClient
	if e.cfg.TLS {
		var err error
		if h, err = client(e.cfg); err != nil {
			return err
		}
	}
	for {
		conn, err := datachannel.Dial(ctx, e.url, h)
		if err == nil {
			if err = datachannel.Introduce(ctx, conn, open); err == nil {
				err = e.stream.Serve(ctx, conn)
			}
		}
		if _, closed := e.stream.Closed(); closed || ctx.Err() != nil {
			return datachannel.ErrClosed
		}
		if open.TokenValue, err = e.resume(ctx, err); err != nil {
			return err
		}
	}
}

// resume asks for a new token, while Hatoba may be starting again.
func (e *executing) resume(ctx context.Context, lost error) (string, error) {
	for try := range 5 {
		if try > 0 {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(time.Duration(try) * time.Second):
			}
		}
		out, err := ssm.NewFromConfig(sdk(e.cfg)).ResumeSession(ctx, &ssm.ResumeSessionInput{SessionId: &e.id})
		if err != nil {
			lost = err
			continue
		}
		if out.TokenValue == nil {
			return "", errors.New("the session has ended with the Hatoba that held it")
		}
		return *out.TokenValue, nil
	}
	return "", fmt.Errorf("the session is lost: %w", lost)
}

// typed hands input on, and its end.
func (e *executing) typed(ctx context.Context) {
	b := make([]byte, datachannel.PayloadBytes)
	for {
		n, err := e.in.Read(b)
		if n > 0 && e.stream.Send(ctx, datachannel.Data, 0, append([]byte(nil), b[:n]...)) != nil {
			return
		}
		if err != nil {
			_ = e.stream.Send(ctx, datachannel.Data, datachannel.FlagFIN, nil)
			return
		}
	}
}

// shown writes output until the session ends.
func (e *executing) shown(ctx context.Context) error {
	code := -1
	for {
		m, err := e.stream.Receive(ctx)
		if err != nil {
			return e.ended(ctx, code, err)
		}
		switch m.Kind {
		case datachannel.Data:
			_, err = e.out.Write(m.Payload)
		case datachannel.Stderr:
			_, err = e.err.Write(m.Payload)
		case datachannel.ExitCode:
			code, err = strconv.Atoi(string(m.Payload))
		}
		if err != nil {
			e.stream.Close(e.id, "")
			return err
		}
	}
}

// ended tells how the session ended.
func (e *executing) ended(ctx context.Context, code int, err error) error {
	why, closed := e.stream.Closed()
	switch {
	case why != "":
		fmt.Fprintln(e.err, strings.TrimPrefix(why, "----------ERROR-------\n")+"\r")
	case !closed && ctx.Err() != nil:
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			err = cause
		}
		return err
	}
	switch {
	case code > 0:
		return exitError(code)
	case code < 0:
		return exitError(1)
	}
	return nil
}
