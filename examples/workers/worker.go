// A worker for Bide in Go, with the standard library alone. It takes jobs of the type `count`, four at once.
//
//	BIDE_URL=http://127.0.0.1:7070 BIDE_KEY=bide_… go run worker.go
//
// SIGTERM or ^C: it takes no more jobs and finishes those that run. What still runs after stopMax is given back, and runs elsewhere.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	slots   = 4
	stopMax = 25 * time.Second
)

// --- The work. Its context ends on a cancel, when the job was given to somebody else, and when the worker has to stop.

var errInput = errors.New("wrong input") // Not tried again.

func work(ctx context.Context, input json.RawMessage, progress func(percent float64, message string)) (any, error) {
	var ask struct {
		To      *int `json:"to"`
		PauseMs *int `json:"pauseMs"`
	}
	if err := json.Unmarshal(input, &ask); err != nil || ask.To == nil || *ask.To < 0 {
		return nil, fmt.Errorf(`%w: "to" must be a whole number`, errInput)
	}
	pause := 100 * time.Millisecond
	if ask.PauseMs != nil {
		pause = time.Duration(*ask.PauseMs) * time.Millisecond
	}
	for n := 1; n <= *ask.To; n++ {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		progress(100*float64(n)/float64(*ask.To), fmt.Sprintf("%d of %d", n, *ask.To))
	}
	return map[string]any{"counted": *ask.To, "by": "go"}, nil
}

// --- The protocol

type job struct {
	ID    string          `json:"id"`
	Fence int64           `json:"fence"`
	Input json.RawMessage `json:"input"`
}

type object = map[string]any

type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return fmt.Sprintf("%d: %s", r.status, r.text) }

// True for what passes by itself: nobody answers, too many requests, a server that starts or stops.
func passes(err error) bool {
	var r refusal
	return !errors.As(err, &r) || r.status == 429 || r.status >= 500
}

var (
	base  = strings.TrimSuffix(or(os.Getenv("BIDE_URL"), "http://127.0.0.1:7070"), "/")
	key   = os.Getenv("BIDE_KEY")
	lease = time.Duration(leaseMs()) * time.Millisecond
)

func post(ctx context.Context, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
		return refusal{response.StatusCode, string(text)}
	}
	if answer == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// Renews the lease until the work has ended. Answers whether the job was cancelled or lost, and ends the work then.
func keepLease(ctx context.Context, j job, stop context.CancelFunc) (cancelled, lost bool) {
	lastGood := time.Now()
	for ctx.Err() == nil {
		wait := lease.Seconds() / 3 // Held by the server so long, or until somebody cancels.
		if cancelled {
			wait = 0
			pause(ctx, lease/3)
		}
		var answer struct{ CancelRequested bool }
		err := post(ctx, "work/"+j.ID+"/heartbeat", object{"fence": j.Fence, "leaseMs": lease.Milliseconds(), "wait": wait}, &answer)
		switch {
		case ctx.Err() != nil:
		case err == nil:
			lastGood = time.Now()
			if answer.CancelRequested {
				cancelled = true
				stop()
			}
		case !passes(err) || time.Since(lastGood) > lease:
			stop()
			return cancelled, true
		default:
			pause(ctx, time.Second)
		}
	}
	return cancelled, false
}

func run(stopping context.Context, j job) {
	working, stop := context.WithCancel(stopping)
	defer stop()
	beating, workEnded := context.WithCancel(context.Background())
	type end struct{ cancelled, lost bool }
	ended := make(chan end, 1)
	go func() {
		cancelled, lost := keepLease(beating, j, stop)
		ended <- end{cancelled, lost}
	}()
	result, err := work(working, j.Input, func(percent float64, message string) {
		progress := object{"percent": percent, "message": message}
		_ = post(working, "work/"+j.ID+"/heartbeat", object{"fence": j.Fence, "progress": progress}, nil)
	})
	workEnded()
	how := <-ended
	switch {
	case how.lost:
		log.Printf("%s: given to somebody else", j.ID)
	case err == nil:
		report(j, fmt.Sprintf("succeed?fence=%d", j.Fence), result)
	case stopping.Err() != nil && !how.cancelled:
		report(j, "release", object{"fence": j.Fence, "closeMs": 1})
	default:
		failure := object{"code": "WORK_FAILED", "message": err.Error()}
		report(j, "fail", object{"fence": j.Fence, "error": failure, "retryable": !errors.Is(err, errInput)})
	}
}

// Again and again where nobody answers, as long as a lease lasts.
func report(j job, what string, body any) {
	for until := time.Now().Add(lease); ; time.Sleep(time.Second) {
		err := post(context.Background(), "work/"+j.ID+"/"+what, body, nil)
		if err == nil {
			return
		}
		if !passes(err) || time.Now().After(until) {
			log.Printf("%s: %v", j.ID, err)
			return
		}
	}
}

func main() {
	if key == "" {
		log.Fatal("BIDE_KEY is missing: make one with  bide keys create --scope work")
	}
	claiming, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	working, stop := context.WithCancel(context.Background())
	free := make(chan struct{}, slots)
	for i := 0; i < slots; i++ {
		free <- struct{}{}
	}
	for claiming.Err() == nil {
		<-free
		var answer struct{ Jobs []job }
		body := object{"types": []string{"count"}, "wait": 30, "leaseMs": lease.Milliseconds(), "worker": "go"}
		err := post(claiming, "work/claim", body, &answer)
		if err != nil && claiming.Err() == nil && !passes(err) {
			log.Fatal(err) // Key, type or request: trying again changes nothing.
		}
		if err != nil {
			pause(claiming, time.Second)
		}
		if len(answer.Jobs) == 0 {
			free <- struct{}{}
			continue
		}
		go func() {
			run(working, answer.Jobs[0])
			free <- struct{}{}
		}()
	}
	time.AfterFunc(stopMax, stop)
	for i := 0; i < slots; i++ {
		<-free
	}
	stop()
}

func pause(ctx context.Context, long time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(long):
	}
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func leaseMs() int {
	ms, err := strconv.Atoi(or(os.Getenv("BIDE_LEASE_MS"), "15000"))
	if err != nil {
		log.Fatal("BIDE_LEASE_MS must be a number")
	}
	return ms
}
