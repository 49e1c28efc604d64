package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cskpi/exporter/intake"
)

// What Segment's and RudderStack's clients send are messages: somebody did something, belongs to an account, has another
// id. Here they become rows of fact tables, without a database; what must be looked up for that is asked of a lookup.

// Tables that messages are written to.
const (
	tableEvents   = "usage_events"
	tableAccounts = "accounts"
	tableMembers  = "user_accounts"
	tableWaiting  = "unattributed_events"
	tableAliases  = "user_aliases"
	tableUsers    = "users"
)

const (
	segmentSource = "segment" // of messages whose token has no source of its own
	maxMessages   = 50_000    // of a batch: its clients send at most some hundred
)

// message is one message of the tracking API. Names and meaning are those of Segment's specification.
type message struct {
	Type              label           `json:"type"`
	MessageID         label           `json:"messageId"`
	UserID            label           `json:"userId"`
	AnonymousID       label           `json:"anonymousId"`
	PreviousID        label           `json:"previousId"`
	GroupID           label           `json:"groupId"`
	Event             label           `json:"event"`
	Name              label           `json:"name"`
	Category          label           `json:"category"`
	Timestamp         json.RawMessage `json:"timestamp"`
	OriginalTimestamp json.RawMessage `json:"originalTimestamp"`
	SentAt            json.RawMessage `json:"sentAt"`
	Context           json.RawMessage `json:"context"`
	Traits            json.RawMessage `json:"traits"`
	Properties        json.RawMessage `json:"properties"`
}

// envelope is what surrounds the messages of a batch.
type envelope struct {
	Batch    []json.RawMessage `json:"batch"`
	SentAt   json.RawMessage   `json:"sentAt"`
	Context  json.RawMessage   `json:"context"`
	WriteKey label             `json:"writeKey"`
}

// label is an id or a name. Clients also send numbers, which stand for their text.
type label string

// UnmarshalJSON takes a string, a number or null.
func (l *label) UnmarshalJSON(raw []byte) error {
	switch c := raw[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		if strings.ContainsRune(s, utf8.RuneError) || strings.IndexByte(s, 0) >= 0 {
			return errors.New("contains a character that is no text")
		}
		*l = label(s)
	case c == 'n':
		*l = ""
	case c == '-' || c >= '0' && c <= '9':
		*l = label(raw)
	default:
		return errors.New("is not a string")
	}
	return nil
}

// Traits says which trait of a group becomes which column of accounts: for each column the paths at which it is looked
// for, in this order, as in address.country.
type Traits map[string][]string

// DefaultTraits is what CSKPI_SEGMENT_TRAITS is when it is not set.
const DefaultTraits = "name=name,industry=industry,geo=geo|region|address.country,csm=csm|account_owner|owner," +
	"created_on=created_on|createdAt|created_at,parent_account_id=parent_account_id|parentId,is_test=is_test|isTest"

// DefaultUserTraits is what CSKPI_SEGMENT_USER_TRAITS is when it is not set.
const DefaultUserTraits = "email=email,is_excluded=is_excluded|isExcluded|is_internal|isInternal|internal|is_staff|isStaff|is_bot|isBot|is_test|isTest"

// ParseTraits reads column=path|path,column=path.
func ParseTraits(text string) (Traits, error) {
	traits := Traits{}
	for item := range strings.SplitSeq(text, ",") {
		column, paths, ok := strings.Cut(strings.TrimSpace(item), "=")
		if !ok || column == "" || paths == "" || slices.Contains(strings.Split(paths, "|"), "") {
			return nil, fmt.Errorf("%q does not say which trait becomes which column; write it as csm=csm|owner,geo=address.country", item)
		}
		if _, twice := traits[column]; twice {
			return nil, fmt.Errorf("column %s is mentioned twice; write its traits as %s=a|b", column, column)
		}
		if column == "account_id" || column == "user_id" || column == "source" || column == "updated_at" || column == "ingested_at" {
			return nil, fmt.Errorf("column %s is no trait: it is what the message itself says", column)
		}
		traits[column] = strings.Split(paths, "|")
	}
	return traits, nil
}

// Check compares the columns with those that a table has.
func (t Traits) Check(table string, columns []string) error {
	for column := range t {
		if !slices.Contains(columns, column) {
			return fmt.Errorf("%s has no column %q; there are %s", table, column, strings.Join(columns, ", "))
		}
	}
	return nil
}

// news is what one message says.
type news struct {
	message int // its position in the request, from 0
	id      string
	at      json.RawMessage // when, as the tables take it
	time    time.Time       // the same; zero if it is not known to be one
	users   []string        // ids of the one who is meant
	account string          // as the message names it; empty: the user's
	former  string          // another id of the user
	device  bool            // former is the id of a browser or device
	event   *usageEvent
	traits  map[string]json.RawMessage // of the account, by column; nil: nothing is said
	person  map[string]json.RawMessage // likewise of the user
}

// ids are all ids of the one who is meant.
func (n news) ids() []string {
	if n.former == "" {
		return n.users
	}
	return append(slices.Clip(n.users), n.former)
}

// usageEvent is a row of usage_events, or, without the account and with both ids of the user, of unattributed_events.
type usageEvent struct {
	EventID     string          `json:"event_id"`
	AccountID   string          `json:"account_id,omitempty"`
	UserID      string          `json:"user_id"`
	AnonymousID string          `json:"anonymous_id,omitempty"`
	Event       string          `json:"event"`
	TS          json.RawMessage `json:"ts"`
	Properties  json.RawMessage `json:"properties,omitempty"`
	IsAnonymous bool            `json:"is_anonymous,omitempty"` // UserID is that of a visitor who had not logged in
	Source      string          `json:"source,omitempty"`
}

// member is a row of user_accounts.
type member struct {
	UserID    string          `json:"user_id"`
	AccountID string          `json:"account_id"`
	UpdatedAt json.RawMessage `json:"updated_at"`
}

// alias is a row of user_aliases.
type alias struct {
	AliasID     string          `json:"alias_id"`
	UserID      string          `json:"user_id"`
	IsAnonymous bool            `json:"is_anonymous"`
	UpdatedAt   json.RawMessage `json:"updated_at"`
}

// refusal is a message of which nothing, or not everything, is stored.
type refusal struct {
	Index     int    `json:"index"` // position in the request, from 0
	MessageID string `json:"messageId,omitempty"`
	Reason    string `json:"reason"`
}

// translator turns messages into news.
type translator struct {
	traits   Traits
	users    Traits
	pages    bool
	zone     *time.Location // in which a point in time becomes a day
	received time.Time
}

// parseEnvelope reads a request of kind track, identify, … or batch into its messages.
func parseEnvelope(kind string, body []byte) (envelope, error) {
	var e envelope
	if start := bytes.TrimLeft(body, " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return e, errors.New("the body is not a JSON object")
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("the body is not a JSON object as the tracking API has it: %w", err)
	}
	if kind != "batch" {
		e.Batch = []json.RawMessage{body}
	}
	if len(e.Batch) > maxMessages {
		return e, fmt.Errorf("the batch has %d messages; send at most %d at once", len(e.Batch), maxMessages)
	}
	if kind == "batch" && e.Batch == nil {
		return e, errors.New(`"batch", the array of messages, is missing`)
	}
	return e, nil
}

// read translates the messages of a request. Those that say nothing that is kept are in neither result.
func (t translator) read(kind string, e envelope) ([]news, []refusal) {
	var all []news
	var refused []refusal
	shared := object(e.Context)
	for i, raw := range e.Batch {
		n, reason := t.message(kind, i, raw, e.SentAt, shared)
		switch {
		case reason != "":
			refused = append(refused, refusal{Index: i, MessageID: n.id, Reason: reason})
		case n.event != nil || n.traits != nil || n.former != "" || len(n.person) > 0 || n.account != "" && len(n.users) > 0:
			n.message = i
			all = append(all, n)
		}
	}
	return all, refused
}

// message translates one message.
func (t translator) message(kind string, index int, raw, sentAt json.RawMessage, shared map[string]json.RawMessage) (news, string) {
	if !utf8.Valid(raw) {
		return news{}, "is not valid UTF-8"
	}
	if raw[0] != '{' && bytes.TrimLeft(raw, " \t\r\n")[0] != '{' {
		return news{}, "is not a JSON object"
	}
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		return news{}, "cannot be read: " + err.Error()
	}
	n := news{id: string(m.MessageID)}
	if kind != "batch" {
		m.Type = label(kind)
	}
	if present(m.SentAt) {
		sentAt = m.SentAt
	}
	n.at, n.time = t.when(m, sentAt)
	for _, id := range []label{m.UserID, m.AnonymousID} {
		if id != "" && !slices.Contains(n.users, string(id)) {
			n.users = append(n.users, string(id))
		}
	}
	context, properties, traits := object(m.Context), object(m.Properties), object(m.Traits)
	said := firstOf(
		text(context, "groupId", "group_id"),
		text(shared, "groupId", "group_id"),
	)
	switch m.Type {
	case "track", "page", "screen":
		name := string(m.Event)
		if m.Type != "track" {
			if !t.pages {
				return n, ""
			}
			name = viewed(m, properties)
		}
		if name == "" {
			return n, "event, the name of what was done, is missing"
		}
		if n.id == "" {
			n.id = t.derivedID(index, raw, m)
		}
		n.account = firstOf(said, text(properties, "account_id", "accountId", "groupId", "group_id"), text(object(context["traits"]), "account_id", "accountId"))
		n.event = &usageEvent{EventID: n.id, Event: name, TS: n.at, Properties: m.Properties}
		if len(n.users) > 0 {
			n.event.UserID, n.event.IsAnonymous = n.users[0], m.UserID == ""
		}
		if !present(m.Properties) || string(bytes.TrimSpace(m.Properties)) == "{}" {
			n.event.Properties = nil
		}
	case "identify":
		if traits == nil {
			traits = object(context["traits"])
		}
		n.account = firstOf(said, text(traits, "account_id", "accountId", "groupId", "group_id", "company.id"))
		if c := traits["company"]; n.account == "" && len(c) > 0 && c[0] == '"' {
			n.account = text(traits, "company")
		}
		if len(n.users) == 0 {
			return n, "has neither userId nor anonymousId"
		}
		if len(n.users) == 2 {
			n.users, n.former, n.device = n.users[:1], n.users[1], true
		}
		if m.UserID != "" {
			n.person = columns(t.users, traits, nil)
		}
	case "group":
		if m.GroupID == "" {
			return n, "groupId, the account, is missing"
		}
		n.account = string(m.GroupID)
		if len(n.users) > 0 {
			n.users = n.users[:1] // some clients make up another anonymousId for each message
		}
		n.traits = columns(t.traits, traits, t.day)
	case "alias":
		if m.PreviousID == "" || len(n.users) == 0 {
			return n, "previousId or userId is missing"
		}
		n.users, n.former = n.users[:1], string(m.PreviousID)
	case "":
		return n, "type is missing; it is track, identify, group, page, screen or alias"
	default:
		return n, fmt.Sprintf("type %.40q is not known; it is track, identify, group, page, screen or alias", string(m.Type))
	}
	return n, ""
}

// viewed names the event of a page or screen.
func viewed(m message, properties map[string]json.RawMessage) string {
	thing := "Page"
	if m.Type == "screen" {
		thing = "Screen"
	}
	if name := firstOf(string(m.Name), text(properties, "name"), string(m.Category), text(properties, "category")); name != "" {
		return "Viewed " + name + " " + thing
	}
	return "Viewed " + thing
}

// derivedID stands in for a messageId. The same message with the same time is taken for a redelivery.
func (t translator) derivedID(index int, raw json.RawMessage, m message) string {
	h := sha256.New()
	var plain bytes.Buffer
	if json.Compact(&plain, raw) == nil {
		raw = plain.Bytes()
	}
	h.Write(raw)
	if !present(m.Timestamp) && !present(m.OriginalTimestamp) {
		fmt.Fprint(h, t.received.UnixNano(), index)
	}
	return "derived-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// when is the time of a message. One that was given both its original and another time has been corrected already.
func (t translator) when(m message, sentAt json.RawMessage) (json.RawMessage, time.Time) {
	switch {
	case present(m.Timestamp) && present(m.OriginalTimestamp):
		return instant(m.Timestamp, time.Time{}, t.received)
	case present(m.OriginalTimestamp):
		m.Timestamp = m.OriginalTimestamp
	case !present(m.Timestamp):
		return stamp(t.received), t.received
	}
	var sent time.Time
	if s, ok := parseTime(sentAt); ok {
		sent = s
	}
	return instant(m.Timestamp, sent, t.received)
}

// instant corrects a time for the clock of its sender. What is no time is left to the checks of its column.
func instant(raw json.RawMessage, sent, received time.Time) (json.RawMessage, time.Time) {
	at, ok := parseTime(raw)
	if !ok {
		return raw, time.Time{}
	}
	at = at.Add(skew(sent, received))
	return stamp(at), at
}

const (
	skewTolerance = 2 * time.Minute
	skewStep      = time.Minute
)

// skew is how far the clock of a sender is behind. A client that retries says another sentAt each time, or the same one
// much later; the time of its messages must not depend on that, or a redelivered event would be another one. So what
// delays and retries explain is no skew, and a real one is corrected by whole minutes.
func skew(sent, received time.Time) time.Duration {
	if sent.Year() < 1971 {
		return 0 // not given, or a zero value that a client sent along
	}
	off := received.Sub(sent)
	if off.Abs() < skewTolerance {
		return 0
	}
	return off.Round(skewStep)
}

// parseTime reads an ISO 8601 time in a JSON string.
func parseTime(raw json.RawMessage) (time.Time, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return time.Time{}, false
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

func stamp(t time.Time) json.RawMessage {
	return json.RawMessage(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`))
}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
}

// object reads a JSON object; anything else has no members.
func object(raw json.RawMessage) map[string]json.RawMessage {
	var o map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &o) == nil {
		return o
	}
	return nil
}

// at finds what lies at a path such as address.country.
func at(o map[string]json.RawMessage, path string) (json.RawMessage, bool) {
	for {
		if raw, ok := o[path]; ok {
			return raw, true
		}
		first, rest, nested := strings.Cut(path, ".")
		if !nested {
			return nil, false
		}
		o, path = object(o[first]), rest
	}
}

// text is the first of some members that is a string or number, and not empty.
func text(o map[string]json.RawMessage, paths ...string) string {
	for _, path := range paths {
		var l label
		if raw, ok := at(o, path); ok && len(raw) > 0 && l.UnmarshalJSON(raw) == nil && l != "" {
			return string(l)
		}
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// columns finds what traits say about an account or a user. A trait that is null empties its column.
func columns(by Traits, traits map[string]json.RawMessage, day func(json.RawMessage) json.RawMessage) map[string]json.RawMessage {
	columns := map[string]json.RawMessage{}
	for column, paths := range by {
		for _, path := range paths {
			raw, ok := at(traits, path)
			if !ok {
				continue
			}
			if strings.HasSuffix(column, "_on") {
				raw = day(raw)
			}
			columns[column] = raw
			break
		}
	}
	return columns
}

// day makes a day of a point in time, which is what clients know.
func (t translator) day(raw json.RawMessage) json.RawMessage {
	at, ok := parseTime(raw)
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		if n > -1e11 && n < 1e11 { // as in the columns of times: else it can only be milliseconds
			n *= 1000
		}
		at, ok = time.UnixMilli(n), true
	}
	if !ok {
		return raw
	}
	return json.RawMessage(at.In(t.zone).Format(`"2006-01-02"`))
}

// batch is rows by table, each with the message it came from.
type batch struct {
	source string // of the rows that do not say it
	text   map[string]*bytes.Buffer
	from   map[string][]int
}

func newBatch(source string) *batch {
	return &batch{source: source, text: map[string]*bytes.Buffer{}, from: map[string][]int{}}
}

// add writes a row. Text is written as it came, so that the same properties look the same whichever way they came.
func (b *batch) add(table string, message int, row any) {
	if b.text[table] == nil {
		b.text[table] = &bytes.Buffer{}
	}
	e := json.NewEncoder(b.text[table])
	e.SetEscapeHTML(false)
	if err := e.Encode(row); err != nil {
		// Rows are strings and JSON that has been read.
		panic(fmt.Sprintf("api: a row of %s cannot be written: %v", table, err))
	}
	b.from[table] = append(b.from[table], message)
}

// rows are what is to be stored: first what events stand on.
func (b *batch) rows() []intake.Rows {
	var rows []intake.Rows
	for _, table := range []string{tableAccounts, tableMembers, tableAliases, tableUsers, tableEvents, tableWaiting} {
		if text := b.text[table]; text != nil {
			rows = append(rows, intake.Rows{Table: table, Name: "request", Format: intake.NDJSON, Text: text.Bytes(), Source: b.source})
		}
	}
	return rows
}
