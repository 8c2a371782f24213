package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"golang.org/x/sync/errgroup"
)

// drive is the process that generates a proxy's traffic: each connection sends
// one request, waits for its answer, and sends the next.
func drive(t traffic) error {
	took := make([][]time.Duration, t.Connections)
	turns := make([]func() error, t.Connections)
	for i := range turns {
		turn, err := t.connect()
		if err != nil {
			return err
		}
		if err := turn(); err != nil {
			return fmt.Errorf("the first request: %w", err)
		}
		turns[i] = turn
	}
	var group errgroup.Group
	begin := time.Now()
	end := begin.Add(t.For)
	for i, turn := range turns {
		group.Go(func() error {
			for at := time.Now(); at.Before(end); {
				if err := turn(); err != nil {
					return err
				}
				now := time.Now()
				took[i] = append(took[i], now.Sub(at))
				at = now
			}
			return nil
		})
	}
	err := group.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	r := result{PerSecond: float64(len(all)) / time.Since(begin).Seconds()}
	if len(all) > 0 {
		r.P50, r.P99 = all[len(all)/2], all[len(all)*99/100]
	}
	if err != nil {
		r.Failed = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

const plainRequest = "GET /index HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"

// connect opens one connection and gives what sends a request on it and reads
// its answer.
func (t traffic) connect() (func() error, error) {
	c, err := net.Dial("tcp", t.Address)
	if err != nil {
		return nil, err
	}
	if t.Kind == "tls" || t.Kind == "h2" {
		proto := map[string]string{"tls": "http/1.1", "h2": "h2"}[t.Kind]
		s := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{proto}, ServerName: "localhost"}) //nolint:gosec // a certificate of this run
		if err := s.Handshake(); err != nil {
			return nil, err
		}
		if got := s.ConnectionState().NegotiatedProtocol; got != proto {
			return nil, fmt.Errorf("the proxy speaks %q", got)
		}
		c = s
	}
	in := bufio.NewReaderSize(c, 4<<10)
	switch t.Kind {
	case "h2":
		return streams(c, in)
	case "echo":
		return echoes(c, in)
	}
	request := []byte(plainRequest)
	return func() error {
		if _, err := c.Write(request); err != nil {
			return err
		}
		return answer(in)
	}, nil
}

// echoes upgrades a connection; a turn is a message that comes back.
func echoes(c net.Conn, in *bufio.Reader) (func() error, error) {
	_, err := io.WriteString(c, "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	status := ""
	for err == nil {
		var line []byte
		if line, err = in.ReadSlice('\n'); len(line) == 2 {
			break
		}
		if status == "" {
			status = string(line)
		}
	}
	if err == nil && !strings.HasPrefix(status, "HTTP/1.1 101 ") {
		err = fmt.Errorf("the proxy answers %q to an upgrade", status)
	}
	message := append([]byte{0x82, 0x7e, 0, 128}, bytes.Repeat([]byte("m"), 128)...)
	return func() error {
		if _, err := c.Write(message); err != nil {
			return err
		}
		_, err := in.Discard(len(message))
		return err
	}, err
}

// streams speaks HTTP/2 with the frames of one request made before.
func streams(c net.Conn, in *bufio.Reader) (func() error, error) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/index"}, {"user-agent", "bench"}, {"accept", "*/*"}} {
		if err := enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1], Sensitive: true}); err != nil { // leaves the table alone
			return nil, err
		}
	}
	var out bytes.Buffer
	w := http2.NewFramer(&out, nil)
	r := http2.NewFramer(nil, in)
	r.SetReuseFrames()
	out.WriteString(http2.ClientPreface)
	if err := w.WriteSettings(); err != nil {
		return nil, err
	}
	id, received := uint32(1), 0
	return func() error {
		if err := w.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}); err != nil {
			return err
		}
		for {
			if out.Len() > 0 {
				if _, err := c.Write(out.Bytes()); err != nil {
					return err
				}
				out.Reset()
			}
			f, err := r.ReadFrame()
			if err != nil {
				return err
			}
			switch f := f.(type) {
			case *http2.SettingsFrame:
				if !f.IsAck() {
					_ = w.WriteSettingsAck()
				}
			case *http2.PingFrame:
				_ = w.WritePing(true, f.Data)
			case *http2.DataFrame:
				if received += int(f.Length); received > 16<<10 {
					_ = w.WriteWindowUpdate(0, uint32(received))
					received = 0
				}
			case *http2.GoAwayFrame, *http2.RSTStreamFrame:
				return fmt.Errorf("the proxy ended a stream: %v", f)
			}
			if f.Header().StreamID == id && f.Header().Flags.Has(http2.FlagDataEndStream) {
				id += 2
				return nil
			}
		}
	}, nil
}
