package live

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/hatoba/hatoba/internal/review/doc"
)

// captured keeps the answer as it came: fields that the SDK does not know stay
// visible to the rules.
type captured struct{ body []byte }

func (c *captured) option(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("review:capture", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if response, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
			body, readErr := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if readErr != nil {
				return out, metadata, readErr
			}
			c.body, response.Body = body, io.NopCloser(bytes.NewReader(body))
		}
		return out, metadata, err
	}), middleware.After)
}

// node is a part of the answer, indented as the AWS CLI prints it. If the
// answer is no JSON it is made from what the SDK understood.
func (c *captured) node(understood any, path ...any) *doc.Node {
	root, err := doc.Parse(c.body)
	for _, step := range path {
		if root == nil || err != nil {
			break
		}
		switch step := step.(type) {
		case string:
			root = root.Get(step)
		case int:
			if step >= len(root.Items) {
				root = nil
			} else {
				root = root.Items[step]
			}
		}
	}
	var text bytes.Buffer
	if err == nil && root != nil {
		write(&text, root)
	} else if b, err := json.Marshal(understood); err == nil {
		text.Write(b)
	}
	var indented bytes.Buffer
	if json.Indent(&indented, text.Bytes(), "", "    ") != nil {
		return nil
	}
	node, err := doc.Parse(indented.Bytes())
	if err != nil {
		return nil
	}
	return node
}

// write spells a node out again.
func write(b *bytes.Buffer, n *doc.Node) {
	quote := func(s string) {
		text, _ := json.Marshal(s)
		b.Write(text)
	}
	switch n.Kind {
	case doc.Null:
		b.WriteString("null")
	case doc.String:
		quote(n.Text)
	case doc.Array:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, item)
		}
		b.WriteByte(']')
	case doc.Object:
		b.WriteByte('{')
		for i, m := range n.Members {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(m.Name)
			b.WriteByte(':')
			write(b, m.Value)
		}
		b.WriteByte('}')
	default:
		b.WriteString(n.Text)
	}
}
