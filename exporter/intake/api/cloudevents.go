package api

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// CloudEvents 1.0, in the modes that its HTTP binding has: structured, batched and binary.

const (
	typeCloudEvent  = "application/cloudevents+json"
	typeCloudEvents = "application/cloudevents-batch+json"
)

// cloudEvent is what is read of an event; other attributes and extensions are not kept.
type cloudEvent struct {
	SpecVersion     label           `json:"specversion"`
	ID              label           `json:"id"`
	Source          label           `json:"source"`
	Type            label           `json:"type"`
	Time            label           `json:"time"`
	Subject         label           `json:"subject"`
	AccountID       label           `json:"accountid"` // extension; goes before subject
	UserID          label           `json:"userid"`    // extension
	DataContentType label           `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	DataBase64      label           `json:"data_base64"`
}

func (s *Server) cloudEventRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/events", s.cloudEvents)
	mux.HandleFunc("POST /v1/cloudevents", s.cloudEvents)
}

// cloudEvents takes one request of CloudEvents.
func (s *Server) cloudEvents(w http.ResponseWriter, r *http.Request) {
	who, ok := s.who(w, r)
	if !ok {
		return
	}
	body, ok := s.body(w, r)
	if !ok {
		return
	}
	events, err := splitCloudEvents(r.Header, body)
	var wrong unknownType
	if errors.As(err, &wrong) {
		s.fail(w, r, http.StatusUnsupportedMediaType, "%v", err)
		return
	}
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "%v", err)
		return
	}
	result := answer{RequestID: about(r).id, Table: tableEvents, Read: int64(len(events)), Rejects: []reject{}}
	var all []news
	reasons := map[int]string{}
	for i, e := range events {
		n, reason := e.news(s.o.Foreign.TypePrefix, who.Source, s.o.Now())
		if reason != "" {
			reasons[i] = reason
			continue
		}
		n.message = i
		all = append(all, n)
	}
	s.refused(tableEvents, "unreadable", len(reasons))
	refused, unlisted, err := s.tell(r.Context(), who, who.Source, all)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	for _, x := range refused {
		reasons[x.Index] = x.Reason
	}
	for i := range events {
		if reason, ok := reasons[i]; ok && len(result.Rejects) < maxRefusals {
			result.Rejects = append(result.Rejects, reject{Row: int64(i + 1), Value: clip(string(events[i].ID)), Reason: reason})
		}
	}
	result.Rejected = int64(len(reasons) + unlisted)
	result.Stored = result.Read - result.Rejected
	s.reply(w, r, result.status(), result)
}

// unknownType is a Content-Type that says nothing of CloudEvents.
type unknownType string

func (u unknownType) Error() string {
	return fmt.Sprintf("Content-Type %s is no CloudEvent: send %s, %s, or the attributes as ce- headers", cmp.Or(clip(string(u)), "(none)"), typeCloudEvent, typeCloudEvents)
}

// splitCloudEvents reads the events of a request. What cannot be read in one of them is for news to say.
func splitCloudEvents(h http.Header, body []byte) ([]readEvent, error) {
	contentType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		contentType = strings.ToLower(strings.TrimSpace(h.Get("Content-Type")))
	}
	switch {
	case contentType == typeCloudEvents:
		var raws []json.RawMessage
		if err := json.Unmarshal(body, &raws); err != nil || raws == nil {
			return nil, errors.New("the body is not a JSON array of CloudEvents")
		}
		if len(raws) > maxMessages {
			return nil, fmt.Errorf("the batch has %d events; send at most %d at once", len(raws), maxMessages)
		}
		events := make([]readEvent, len(raws))
		for i, raw := range raws {
			events[i] = structured(raw)
		}
		return events, nil
	case contentType == typeCloudEvent:
		e := structured(body)
		if !json.Valid(body) {
			return nil, errors.New("the body is not a CloudEvent in JSON")
		}
		return []readEvent{e}, nil
	case strings.HasPrefix(contentType, "application/cloudevents"):
		return nil, unknownType(contentType)
	case h.Get("Ce-Specversion") != "":
		return []readEvent{binary(h, body)}, nil
	}
	return nil, unknownType(contentType)
}

// readEvent is an event, and why it cannot be read if it cannot.
type readEvent struct {
	cloudEvent
	problem string
}

func structured(raw []byte) readEvent {
	var e readEvent
	start := bytes.TrimLeft(raw, " \t\r\n")
	switch {
	case !utf8.Valid(raw):
		e.problem = "is not valid UTF-8"
	case len(start) == 0 || start[0] != '{':
		e.problem = "is not a JSON object"
	default:
		if err := json.Unmarshal(raw, &e.cloudEvent); err != nil {
			e.problem = "cannot be read: " + err.Error()
		}
	}
	return e
}

// binary reads attributes from headers, whose values are percent-encoded where they are no plain ASCII.
func binary(h http.Header, body []byte) readEvent {
	var e readEvent
	for name, to := range map[string]*label{
		"specversion": &e.SpecVersion, "id": &e.ID, "source": &e.Source, "type": &e.Type, "time": &e.Time,
		"subject": &e.Subject, "accountid": &e.AccountID, "userid": &e.UserID,
	} {
		values := h.Values("Ce-" + name)
		if len(values) > 1 {
			e.problem = "has the header ce-" + name + " twice"
		}
		if len(values) == 0 {
			continue
		}
		value, err := url.PathUnescape(values[0])
		if err != nil {
			value = values[0] // a percent sign that a sender forgot to encode
		}
		if !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\uFFFD") {
			e.problem = "ce-" + name + " contains a character that is no text"
		}
		*to = label(value)
	}
	e.DataContentType = label(h.Get("Content-Type"))
	if len(body) == 0 {
		return e
	}
	contentType, _, _ := mime.ParseMediaType(string(e.DataContentType))
	switch {
	case (contentType == "" || contentType == "application/json" || strings.HasSuffix(contentType, "+json") || contentType == "text/json") && json.Valid(body):
		e.Data = body
	case contentType == "application/json":
		e.problem = "data is not JSON as its Content-Type says"
	default:
		e.setBytes(body)
	}
	return e
}

// setBytes keeps data that is no JSON, as text if it is text.
func (e *readEvent) setBytes(data []byte) {
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		e.Data, e.DataBase64 = nil, label(base64.StdEncoding.EncodeToString(data))
		return
	}
	e.Data, _ = json.Marshal(string(data)) // a string can always be written
	e.DataBase64 = ""
}

// news says what an event tells: its subject (or extension accountid) did what its type says, by the user of extension
// userid. A token's own source takes the place of the event's, which then becomes part of the id: ids are unique within it.
func (e readEvent) news(prefix, source string, received time.Time) (news, string) {
	if e.problem != "" {
		return news{}, e.problem
	}
	for _, required := range []struct {
		name  string
		value label
	}{{"specversion", e.SpecVersion}, {"id", e.ID}, {"source", e.Source}, {"type", e.Type}} {
		if strings.TrimSpace(string(required.value)) == "" {
			return news{}, required.name + " is missing"
		}
	}
	if e.SpecVersion != "1.0" {
		return news{}, fmt.Sprintf("specversion is %.20q, not 1.0", string(e.SpecVersion))
	}
	n := news{id: string(e.ID), account: firstOf(string(e.AccountID), string(e.Subject)), at: stamp(received), time: received}
	if e.Time != "" {
		quoted, _ := json.Marshal(string(e.Time)) // a string can always be written
		n.at, n.time = instant(quoted, time.Time{}, received)
	}
	if e.UserID != "" {
		n.users = []string{string(e.UserID)}
	}
	row := &usageEvent{EventID: n.id, UserID: string(e.UserID), Event: string(e.Type), TS: n.at}
	if name := strings.TrimPrefix(row.Event, prefix); name != "" {
		row.Event = name
	}
	switch {
	case source == "":
		row.Source = string(e.Source)
	case source != string(e.Source):
		row.EventID = string(e.Source) + " " + n.id
	}
	var problem string
	if row.Properties, problem = e.properties(); problem != "" {
		return n, problem
	}
	n.event = row
	return n, ""
}

// properties are the data of an event: an object is taken as it is, anything else becomes the member data of one.
func (e readEvent) properties() (json.RawMessage, string) {
	if e.DataBase64 != "" {
		if present(e.Data) {
			return nil, "has both data and data_base64"
		}
		data, err := base64.StdEncoding.DecodeString(string(e.DataBase64))
		if err != nil {
			return nil, "data_base64 is not base64"
		}
		e.setBytes(data)
		if e.DataBase64 != "" {
			return wrapped("data_base64", json.RawMessage(`"`+string(e.DataBase64)+`"`)), ""
		}
		contentType, _, _ := mime.ParseMediaType(string(e.DataContentType))
		if slices.Contains([]string{"application/json", "text/json"}, contentType) && json.Valid(data) {
			e.Data = data
		}
	}
	data := json.RawMessage(bytes.TrimSpace(e.Data))
	switch {
	case len(data) == 0 || string(data) == "null" || string(data) == "{}":
		return nil, ""
	case data[0] == '{':
		return data, ""
	}
	return wrapped("data", data), ""
}

func wrapped(name string, data json.RawMessage) json.RawMessage {
	return slices.Concat(json.RawMessage(`{"`+name+`":`), data, json.RawMessage("}"))
}
