// Command clients sends what clients_test.go expects, by the client and to the address that are named: clients CLIENT URL KEY
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	rudder "github.com/rudderlabs/analytics-go/v4"
	segment "github.com/segmentio/analytics-go/v3"
)

const events = 40

func at(minute int) time.Time { return time.Date(2024, 6, 15, 10, minute, 0, 0, time.UTC) }

func main() {
	client, url, key := os.Args[1], os.Args[2], os.Args[3]
	send, known := map[string]func(client, url, key string) error{
		"go-segment": sendSegment, "go-rudder": sendRudder, "go-cloudevents": sendCloudEvents,
	}[client]
	if !known {
		fmt.Fprintln(os.Stderr, "no such client:", client)
		os.Exit(2)
	}
	if err := send(client, url, key); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// failures collects what a client could not send.
type failures struct{ err error }

func (f *failures) failure(err error) {
	if err != nil && f.err == nil {
		f.err = err
	}
}

type segmentCallback struct{ *failures }

func (c segmentCallback) Success(segment.Message)              {}
func (c segmentCallback) Failure(_ segment.Message, err error) { c.failure(err) }

func sendSegment(name, url, key string) error {
	f := &failures{}
	c, err := segment.NewWithConfig(key, segment.Config{Endpoint: url, BatchSize: 7, Interval: 50 * time.Millisecond, Callback: segmentCallback{f}})
	if err != nil {
		return err
	}
	user, account := name+"-user", name+"-account"
	f.failure(c.Enqueue(segment.Identify{UserId: user, Traits: segment.NewTraits().SetEmail("somebody@example.com"), Timestamp: at(0)}))
	f.failure(c.Enqueue(segment.Group{UserId: user, GroupId: account, Traits: segment.NewTraits().SetName("Account of "+name).Set("industry", "steel"), Timestamp: at(1)}))
	for i := range events {
		f.failure(c.Enqueue(segment.Track{UserId: user, Event: "Report Run", MessageId: fmt.Sprintf("%s-%d", name, i), Timestamp: at(2),
			Properties: segment.NewProperties().Set("number", i).Set("html", "<&>")}))
	}
	f.failure(c.Enqueue(segment.Page{UserId: user, Name: "Home", Timestamp: at(3)}))
	f.failure(c.Enqueue(segment.Alias{UserId: name + "-alias", PreviousId: user, Timestamp: at(4)}))
	f.failure(c.Enqueue(segment.Track{UserId: name + "-alias", Event: "Report Run", MessageId: name + "-last", Timestamp: at(5)}))
	f.failure(c.Close())
	return f.err
}

type rudderCallback struct{ *failures }

func (c rudderCallback) Success(rudder.Message)              {}
func (c rudderCallback) Failure(_ rudder.Message, err error) { c.failure(err) }

func sendRudder(name, url, key string) error {
	f := &failures{}
	c, err := rudder.NewWithConfig(key, rudder.Config{DataPlaneUrl: url, BatchSize: 7, Interval: 50 * time.Millisecond, Callback: rudderCallback{f}})
	if err != nil {
		return err
	}
	user, account := name+"-user", name+"-account"
	f.failure(c.Enqueue(rudder.Identify{UserId: user, Traits: rudder.NewTraits().SetEmail("somebody@example.com"), OriginalTimestamp: at(0)}))
	f.failure(c.Enqueue(rudder.Group{UserId: user, GroupId: account, Traits: rudder.NewTraits().SetName("Account of "+name).Set("industry", "steel"), OriginalTimestamp: at(1)}))
	for i := range events {
		f.failure(c.Enqueue(rudder.Track{UserId: user, Event: "Report Run", MessageId: fmt.Sprintf("%s-%d", name, i), OriginalTimestamp: at(2),
			Properties: rudder.NewProperties().Set("number", i).Set("html", "<&>")}))
	}
	f.failure(c.Enqueue(rudder.Page{UserId: user, Name: "Home", OriginalTimestamp: at(3)}))
	f.failure(c.Enqueue(rudder.Alias{UserId: name + "-alias", PreviousId: user, OriginalTimestamp: at(4)}))
	f.failure(c.Enqueue(rudder.Track{UserId: name + "-alias", Event: "Report Run", MessageId: name + "-last", OriginalTimestamp: at(5)}))
	f.failure(c.Close())
	return f.err
}

// sendCloudEvents uses both modes of the client; a third of the events goes again.
func sendCloudEvents(name, url, key string) error {
	c, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(url+"/v1/events"), cehttp.WithHeader("Authorization", "Bearer "+key))
	if err != nil {
		return err
	}
	for i := range events {
		e := cloudevents.NewEvent()
		e.SetID(fmt.Sprintf("%s-%d", name, i))
		e.SetSource("/clients/" + name)
		e.SetType("Report Run")
		e.SetSubject(name + "-account")
		e.SetExtension("userid", name+"-user")
		e.SetTime(at(2))
		if err := e.SetData(cloudevents.ApplicationJSON, map[string]any{"number": i, "html": "<&>"}); err != nil {
			return err
		}
		ctx := cloudevents.WithEncodingBinary(context.Background())
		if i%2 == 1 {
			ctx = cloudevents.WithEncodingStructured(context.Background())
		}
		for range 1 + i%3/2 {
			if result := c.Send(ctx, e); !cloudevents.IsACK(result) {
				return fmt.Errorf("event %d: %w", i, result)
			}
		}
	}
	return nil
}
