package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// call is one simple command of a shell line, without its redirections.
type call []string

func (c call) name() string { return path.Base(c[0]) }

// has reports whether one of the words is there.
func (c call) has(words ...string) bool {
	return slices.ContainsFunc(c, func(w string) bool { return slices.Contains(words, w) })
}

// runCalls are the commands of a RUN.
func runCalls(c *instructions.RunCommand) []call {
	calls := lineCalls(c.ShellDependantCmdLine)
	if len(c.CmdLine) == 0 || !strings.HasPrefix(strings.TrimSpace(c.CmdLine[0]), "<<") {
		return calls
	}
	for _, f := range c.Files {
		calls = append(calls, shellCalls(f.Data)...)
	}
	return calls
}

// lineCalls are the commands of an instruction in shell or in exec form.
func lineCalls(c instructions.ShellDependantCmdLine) []call {
	if c.PrependShell {
		return shellCalls(strings.Join(c.CmdLine, " "))
	}
	return execCalls(c.CmdLine)
}

func execCalls(words []string) []call {
	c := strip(words)
	if len(c) == 0 {
		return nil
	}
	if slices.Contains([]string{"sh", "bash", "ash", "dash", "zsh"}, c.name()) {
		for i, w := range c[1:] {
			if strings.HasPrefix(w, "-") && strings.HasSuffix(w, "c") && i+2 < len(c) {
				return shellCalls(c[i+2])
			}
		}
	}
	return []call{c}
}

// shellCalls splits a shell text into its commands. It understands as much
// shell as is needed to find which programs are called with which words.
func shellCalls(text string) (out []call) {
	if len(text) > 1<<20 {
		return nil
	}
	var words []string
	var word strings.Builder
	inWord, redirect := false, false
	endWord := func() {
		if inWord && !redirect {
			words = append(words, word.String())
		}
		if inWord {
			redirect = false
		}
		inWord = false
		word.Reset()
	}
	endCall := func() {
		endWord()
		redirect = false
		out = append(out, execCalls(words)...)
		words = nil
	}
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && i+1 < len(text):
			if i++; text[i] != '\n' {
				word.WriteByte(text[i])
				inWord = true
			}
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\r':
			endWord()
		case c == '#' && !inWord:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case c == '>' || c == '<' || c == '&' && i+1 < len(text) && text[i+1] == '>':
			if strings.Trim(word.String(), "0123456789") == "" { // 2>file
				inWord = false
				word.Reset()
			}
			endWord()
			for i+1 < len(text) && strings.IndexByte("<>&|-", text[i+1]) >= 0 {
				i++
			}
			redirect = true
		case c == '\n' || c == ';' || c == '&' || c == '|' || c == ')' || c == '(' && (!inWord || !strings.HasSuffix(word.String(), "$")):
			endCall()
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	endCall()
	return out
}

// scriptCalls visits the commands of a script, line by line. What stands in a
// here document is text and no command.
func scriptCalls(text string, visit func(line int, calls []call)) {
	n, start, joined, until := 0, 0, "", ""
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if until != "" {
			if strings.TrimSpace(line) == until {
				until = ""
			}
			continue
		}
		if joined == "" {
			start = n
		}
		if rest, ok := strings.CutSuffix(line, "\\"); ok {
			joined += rest + " "
			continue
		}
		joined += line
		if m := hereDocument.FindStringSubmatch(joined); m != nil {
			until = m[1]
		}
		visit(start, shellCalls(joined))
		joined = ""
	}
	visit(start, shellCalls(joined))
}

var hereDocument = regexp.MustCompile(`[^<]<<-?\s*["']?(\w+)["']?`)

// before are words that only introduce a command.
var before = []string{"if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "exec", "sudo", "env", "command", "nohup", "xargs", "eatmydata"}

// strip takes off what stands before the program's name.
func strip(words []string) call {
	for len(words) > 0 {
		name, _, assigned := strings.Cut(words[0], "=")
		switch {
		case slices.Contains(before, path.Base(words[0])):
			for words = words[1:]; len(words) > 0 && strings.HasPrefix(words[0], "-"); {
				words = words[1:]
			}
		case words[0] == "" || assigned && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == "":
			words = words[1:]
		default:
			return words
		}
	}
	return nil
}
