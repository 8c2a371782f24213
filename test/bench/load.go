package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"golang.org/x/sync/errgroup"
)

// call is one request that a load repeats.
type call struct {
	Operation string
	Body      string
}

// load is what the generator is told; it runs as a process of its own, so that
// it can be kept on a CPU of its own.
type load struct {
	Address     string
	Call        call
	Connections int
	For         time.Duration
}

// result is what the generator measured.
type result struct {
	PerSecond float64
	P50, P99  time.Duration
	Failed    string // of the first answer that was not well
}

// generate is the process behind -load: it repeats one signed request on
// keep-alive connections.
func generate(text string) error {
	var l load
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return err
	}
	request, err := signed(l.Address, l.Call)
	if err != nil {
		return err
	}
	took := make([][]time.Duration, l.Connections)
	var group errgroup.Group
	begin := time.Now()
	for i := range took {
		group.Go(func() (err error) {
			took[i], err = repeat(l.Address, request, begin.Add(l.For))
			return err
		})
	}
	err = group.Wait()
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

// signed is the request as it travels; the signature holds for minutes.
func signed(address string, c call) ([]byte, error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+address+"/", strings.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+c.Operation)
	sum := sha256.Sum256([]byte(c.Body))
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: benchKey, SecretAccessKey: benchSecret},
		req, hex.EncodeToString(sum[:]), "ecs", "us-east-1", time.Now())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = req.Write(&b)
	return b.Bytes(), err
}

func repeat(address string, request []byte, end time.Time) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	for begin := time.Now(); begin.Before(end); {
		if _, err := conn.Write(request); err != nil {
			return took, err
		}
		if err := answer(in); err != nil {
			return took, err
		}
		now := time.Now()
		took = append(took, now.Sub(begin))
		begin = now
	}
	return took, nil
}

// answer reads one answer of known length, without net/http's own cost.
func answer(in *bufio.Reader) error {
	status, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if name := len("Content-Length: "); len(line) > name && bytes.EqualFold(line[:name], []byte("Content-Length: ")) {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(line[name:])))
		}
	}
	if length < 0 {
		return errors.New("an answer without a length")
	}
	if strings.Contains(status, " 200 ") {
		_, err = in.Discard(length)
		return err
	}
	body := make([]byte, length)
	_, _ = io.ReadFull(in, body)
	return fmt.Errorf("%s: %.300s", strings.TrimSpace(status), body)
}
