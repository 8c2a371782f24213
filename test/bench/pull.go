package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/image"
)

// The image that is pulled: one layer of this many files, as large as a
// runtime's.
const pulledFiles, pulledFile = 5800, 20 << 10

// pulls measures how long an image takes until it is present and unpacked.
// Nobody removes an image in between, and no two have a layer in common.
func (b *bench) pulls(ctx context.Context) error {
	host, stop, err := b.serveImages()
	if err != nil {
		return err
	}
	defer stop()
	titles := []string{"hatoba, gzip", "hatoba, zstd"}
	if b.docker != nil {
		titles = append(titles, "docker pull, gzip")
	}
	t := [2]*table{newTable(2), newTable(2)} // each of Hatoba's against docker's
	alone := newTable(len(titles))
	for round := range b.rounds {
		var took [3]time.Duration
		gzip, zstd := fmt.Sprintf("%s/gzip:r%d", host, round), fmt.Sprintf("%s/zstd:r%d", host, round)
		if err := b.push(gzip, compression.GZip); err != nil {
			return err
		}
		if err := b.push(zstd, compression.ZStd); err != nil {
			return err
		}
		kinds := []func() (time.Duration, error){
			func() (time.Duration, error) { return b.hatoba.pull(ctx, gzip) },
			func() (time.Duration, error) { return b.hatoba.pull(ctx, zstd) },
			func() (time.Duration, error) {
				begin := time.Now()
				_, err := b.docker.cli(ctx, "pull", "-q", gzip)
				return time.Since(begin), err
			},
		}
		err := shuffled(len(titles), func(i int) (err error) {
			if err := b.settle(ctx); err != nil {
				return err
			}
			if took[i], err = kinds[i](); err != nil {
				return fmt.Errorf("%s: %w", titles[i], err)
			}
			alone.add(i, took[i:i+1])
			return nil
		})
		if err != nil {
			return err
		}
		for i := range t {
			t[i].add(0, took[i:i+1])
			t[i].add(1, took[2:])
		}
	}
	fmt.Printf("\nPull of one layer of %d files, %d MB, from a registry on loopback\n", pulledFiles, pulledFiles*pulledFile/1_000_000)
	if b.docker == nil {
		alone.print("until present and unpacked", titles)
		return nil
	}
	t[0].print("until present and unpacked", []string{titles[0], titles[2]})
	t[1].print("until present and unpacked", []string{titles[1], titles[2]})
	return nil
}

// serveImages opens one registry at the same address for this machine and, in
// its namespace, for docker.
func (b *bench) serveImages() (host string, stop func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0))), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(ln) }()
	stop = func() { _ = server.Close() }
	if b.docker != nil {
		inside, err := network.Listen(b.netns, netip.MustParseAddrPort(ln.Addr().String()))
		if err != nil {
			stop()
			return "", nil, err
		}
		go func() { _ = server.Serve(inside) }()
	}
	return ln.Addr().String(), stop, nil
}

// push makes an image nobody has seen and pushes it.
func (b *bench) push(ref string, how compression.Compression) error {
	base, err := image.Build(image.Recipe{Binary: filepath.Join(b.work, "stamp"), Name: "/stamp", Arch: runtime.GOARCH})
	if err != nil {
		return err
	}
	files := manyFiles(rand.Uint64())
	media := types.OCILayer
	if how == compression.ZStd {
		media = types.OCILayerZStd
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil },
		tarball.WithCompression(how), tarball.WithCompressionLevel(3), tarball.WithMediaType(media), tarball.WithCompressedCaching)
	if err != nil {
		return err
	}
	img, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{}, MediaType: media})
	if err != nil {
		return err
	}
	at, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return err
	}
	return remote.Write(at, img)
}

// manyFiles is a tar of files that compress to about a third.
func manyFiles(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	body := make([]byte, pulledFile)
	for i := range pulledFiles {
		if i%100 == 0 {
			_ = w.WriteHeader(&tar.Header{Name: fmt.Sprintf("opt/%03d/", i/100), Typeflag: tar.TypeDir, Mode: 0o755})
		}
		for at := range body { // a run of random letters, then a repeated one
			body[at] = "etaoinshrdlu \n"[at%14]
			if at%64 < 24 {
				body[at] = byte(random.Uint32())
			}
		}
		_ = w.WriteHeader(&tar.Header{Name: fmt.Sprintf("opt/%03d/%05d", i/100, i), Size: pulledFile, Mode: 0o644})
		_, _ = w.Write(body) // memory does not fail
	}
	_ = w.Close()
	return out.Bytes()
}

// pull runs a task of an image and returns how long the API says that its
// pull took.
func (h *hatoba) pull(ctx context.Context, ref string) (time.Duration, error) {
	p := *h
	p.family = "bench-pull"
	if err := p.registerImage(ctx, p.family, ref, "256", "512"); err != nil {
		return 0, err
	}
	arns, err := p.runTasks(ctx, 1)
	if err != nil {
		return 0, err
	}
	tasks, err := p.await(ctx, arns, "RUNNING", 5*pollEvery)
	if err != nil {
		return 0, err
	}
	return aws.ToTime(tasks[0].PullStoppedAt).Sub(aws.ToTime(tasks[0].PullStartedAt)), p.stop(ctx, arns)
}
