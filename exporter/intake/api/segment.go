package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Foreign says how what other systems' clients send becomes rows.
type Foreign struct {
	Traits     Traits         // of groups, to columns of accounts [DefaultTraits]
	Users      Traits         // of users, to columns of users [DefaultUserTraits]
	Pages      bool           // page and screen messages become usage events, too
	TypePrefix string         // is taken off the types of CloudEvents, as in com.example.
	Zone       *time.Location // in which a point in time becomes a day [UTC]
}

// segmentRoutes serves the HTTP tracking API of Segment, which RudderStack's clients speak as well.
func (s *Server) segmentRoutes(mux *http.ServeMux) {
	for _, kind := range []string{"track", "identify", "group", "page", "screen", "alias", "batch", "import"} {
		mux.HandleFunc("POST /v1/"+kind, func(w http.ResponseWriter, r *http.Request) {
			if kind == "import" {
				s.messages(w, r, "batch")
				return
			}
			s.messages(w, r, kind)
		})
	}
	// RudderStack's Go client asks for this before it sends anything.
	mux.HandleFunc("GET /cluster-info", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.who(w, r); ok {
			s.reply(w, r, http.StatusOK, map[string]int{"nodeCount": 1})
		}
	})
}

// tracked is the answer to messages. Clients look at the status, and at success; what was refused is for people.
type tracked struct {
	Success   bool      `json:"success"`
	RequestID string    `json:"request_id"`
	Read      int       `json:"read"`    // messages
	Ignored   int       `json:"ignored"` // that say nothing which is kept
	Rejected  int       `json:"rejected_count"`
	Rejects   []refusal `json:"rejected"` // the first of them
	Error     string    `json:"error,omitempty"`
}

const maxRefusals = 100 // that an answer lists

// messages takes one request of the tracking API.
func (s *Server) messages(w http.ResponseWriter, r *http.Request, kind string) {
	e, who, ok := s.tracking(w, r, kind)
	if !ok {
		return
	}
	t := translator{traits: s.o.Foreign.Traits, users: s.o.Foreign.Users, pages: s.o.Foreign.Pages, zone: s.zone(), received: s.o.Now()}
	all, refused := t.read(kind, e)
	result := tracked{RequestID: about(r).id, Read: len(e.Batch), Ignored: len(e.Batch) - len(all) - len(refused)}
	s.refused(tableEvents, "unreadable", len(refused))
	more, unlisted, err := s.tell(r.Context(), who, cmp.Or(who.Source, segmentSource), all)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	refused = append(refused, more...)
	slices.SortFunc(refused, func(a, b refusal) int { return a.Index - b.Index })
	refused = slices.CompactFunc(refused, func(a, b refusal) bool { return a.Index == b.Index })
	result.Rejected = len(refused) + unlisted
	result.Rejects = append([]refusal{}, refused[:min(len(refused), maxRefusals)]...)
	status := http.StatusOK
	if result.Success = result.Rejected == 0 || result.Rejected < len(e.Batch); !result.Success {
		status, result.Error = http.StatusBadRequest, "no message could be stored; rejected says why"
	}
	s.reply(w, r, status, result)
}

// tracking authenticates a caller and reads what it sent. Segment's Node client has its write key in the body and nowhere
// else, so that the body must be read first; it may then not be as long.
func (s *Server) tracking(w http.ResponseWriter, r *http.Request, kind string) (e envelope, who *Token, ok bool) {
	inBody := r.Header.Get("Authorization") == ""
	if !inBody {
		if who, ok = s.who(w, r); !ok {
			return e, nil, false
		}
	} else {
		r.Body = http.MaxBytesReader(w, r.Body, unknownBody)
	}
	body, ok := s.body(w, r)
	if !ok {
		return e, nil, false
	}
	e, err := parseEnvelope(kind, body)
	if inBody {
		if key := string(e.WriteKey); key != "" {
			r.SetBasicAuth(key, "")
		}
		if who, ok = s.who(w, r); !ok {
			return e, nil, false
		}
	}
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "%v", err)
		return e, nil, false
	}
	return e, who, true
}

// tell stores news of a caller. It returns the messages of which something could not be stored, and how many more there are.
func (s *Server) tell(ctx context.Context, who *Token, source string, all []news) (refused []refusal, unlisted int, err error) {
	all = slices.DeleteFunc(all, func(n news) bool {
		table := tableEvents
		switch {
		case n.traits != nil && !who.mayWrite(tableAccounts):
			table = tableAccounts
		case n.event == nil:
			table = tableMembers
		}
		if who.mayWrite(table) {
			return false
		}
		refused = append(refused, refusal{Index: n.message, MessageID: n.id, Reason: "would be stored in " + table + ", which this token may not write to"})
		return true
	})
	if len(all) == 0 {
		if len(refused) > 0 && !slices.ContainsFunc([]string{tableEvents, tableAccounts, tableMembers}, who.mayWrite) {
			return nil, 0, forbidden("this token may write to none of " + tableEvents + ", " + tableAccounts + ", " + tableMembers)
		}
		return refused, 0, nil
	}
	known, err := s.ledger(ctx, source, all)
	if err != nil {
		return nil, 0, err
	}
	rows, without := known.write(all)
	s.refused(tableEvents, "no_account", len(without))
	refused = append(refused, without...)
	ids := map[int]string{}
	for _, n := range all {
		ids[n.message] = n.id
	}
	stored := rows.rows()
	if len(stored) == 0 {
		return refused, 0, nil
	}
	answers, err := s.store(ctx, who, stored)
	if err != nil {
		return nil, 0, err
	}
	for _, a := range answers {
		unlisted += int(a.Rejected) - len(a.Rejects)
		for _, x := range a.Rejects {
			reason := x.Reason
			if x.Column != "" {
				reason = x.Column + " " + reason
			}
			message := rows.from[a.Table][x.Row-1]
			refused = append(refused, refusal{Index: message, MessageID: ids[message], Reason: reason})
		}
	}
	return refused, unlisted, nil
}

// ledger looks up what news must know.
func (s *Server) ledger(ctx context.Context, source string, all []news) (*ledger, error) {
	known := newLedger(source)
	db := s.db.Load()
	if db == nil {
		return nil, errNotReady
	}
	from, _ := (*db).(lookup)
	if from == nil {
		return known, nil
	}
	if err := known.findMembers(ctx, from, usersOf(all)); err != nil {
		return nil, err
	}
	if err := known.findUsers(ctx, from, all); err != nil {
		return nil, err
	}
	accounts := groups(all)
	if len(accounts) == 0 {
		return known, nil
	}
	var err error
	known.accounts, err = from.Versions(ctx, tableAccounts, "account_id", accounts)
	return known, err
}

// refused counts messages that never became rows.
func (s *Server) refused(table, reason string, n int) {
	if n > 0 {
		s.metrics.rows.WithLabelValues(table, "rejected").Add(float64(n))
		s.metrics.rejected.WithLabelValues(table, reason).Add(float64(n))
	}
}

// fill sets what is left out.
func (f *Foreign) fill() error {
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	if f.Traits == nil {
		f.Traits, _ = ParseTraits(DefaultTraits)
	}
	if f.Users == nil {
		f.Users, _ = ParseTraits(DefaultUserTraits)
	}
	if len(f.TypePrefix) > 200 {
		return errors.New("the prefix of CloudEvents' types is longer than 200 characters")
	}
	return nil
}
