package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"cskpi/exporter/intake"
)

// lookup reads what is stored; intake.Writer does it.
type lookup interface {
	// Versions are what a table holds of the facts whose column key is one of ids, oldest first.
	Versions(ctx context.Context, table, key string, ids []string) (map[string][]intake.Version, error)
}

// ledger knows which account users belong to, and what is known of accounts.
type ledger struct {
	source   string // where the caller's rows belong
	members  map[string]string
	accounts map[string][]intake.Version
	told     map[string]string // by what is written
}

// usersOf are the ids of all users that messages name, and those of the events that no message of the request tells an
// account for, event by event.
func usersOf(all []news) (users []string, missing [][]string) {
	named, told, same := map[string]bool{}, map[string]bool{}, map[string][]string{}
	for _, n := range all {
		for _, id := range n.ids() {
			named[id] = true
			told[id] = told[id] || n.event == nil && n.account != ""
			if n.former != "" {
				same[id] = n.ids()
			}
		}
	}
	for _, n := range all {
		if n.event == nil || n.account != "" {
			continue
		}
		ids := slices.Clone(n.users)
		for _, id := range n.users {
			ids = append(ids, same[id]...)
		}
		if !slices.ContainsFunc(ids, func(id string) bool { return told[id] }) {
			missing = append(missing, ids)
		}
	}
	return slices.Collect(maps.Keys(named)), missing
}

// groups are the accounts of which something is told.
func groups(all []news) []string {
	ids := map[string]bool{}
	for _, n := range all {
		if n.traits != nil {
			ids[n.account] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// findMembers adds the accounts of users. What the caller's own source says goes before what others say.
func (l *ledger) findMembers(ctx context.Context, from lookup, users []string) error {
	if len(users) == 0 || from == nil {
		return nil
	}
	found, err := from.Versions(ctx, tableMembers, "user_id", users)
	if err != nil {
		return err
	}
	for user, versions := range found {
		best := versions[len(versions)-1]
		for _, v := range versions {
			if v.Source == l.source {
				best = v
			}
		}
		l.members[user] = best.Values["account_id"]
	}
	return nil
}

// write turns news into rows. Messages that name no account get the one that was told before them in the same request,
// else the stored one, else the one that is told later in the request.
func (l *ledger) write(all []news) (*batch, []refusal) {
	b := newBatch(l.source)
	var refused []refusal
	told, later := map[string]string{}, map[string]string{}
	l.told = told
	for _, n := range slices.Backward(all) {
		if n.event == nil && n.account != "" {
			for _, id := range n.users {
				later[id] = n.account
			}
		}
	}
	accountOf := func(ids ...string) string {
		for _, in := range []map[string]string{told, l.members, later} {
			for _, id := range ids {
				if a := in[id]; a != "" {
					return a
				}
			}
		}
		return ""
	}
	belongs := func(n news, user, account string) {
		if told[user] == account || told[user] == "" && l.members[user] == account {
			told[user] = account
			return // known already
		}
		told[user] = account
		b.add(tableMembers, n.message, member{UserID: user, AccountID: account, UpdatedAt: n.at})
	}
	for _, n := range all {
		switch {
		case n.event != nil:
			n.event.AccountID = n.account
			if n.account == "" {
				n.event.AccountID = accountOf(n.users...)
			}
			if n.event.AccountID == "" {
				refused = append(refused, refusal{Index: n.message, MessageID: n.id, Reason: noAccount})
				continue
			}
			b.add(tableEvents, n.message, n.event)
		case n.former != "":
			// Both ids are the same user, whichever of them the account was told of.
			account := accountOf(n.ids()...)
			if account == "" {
				continue
			}
			for _, id := range n.ids() {
				belongs(n, id, account)
			}
		default:
			for _, user := range n.users {
				belongs(n, user, n.account)
			}
			if n.traits != nil {
				if row := l.account(n); row != nil {
					b.add(tableAccounts, n.message, row)
				}
			}
		}
	}
	return b, refused
}

const noAccount = "names no account, and none is known of its user: send group or identify first, or context.groupId or properties.account_id with it"

// account is the row that a group makes, or nil if it says nothing new. A version stands for the whole account, so that
// what the message does not mention is taken from the version that holds at its time, whoever wrote that.
func (l *ledger) account(n news) map[string]any {
	row := map[string]any{}
	fresh := true
	if versions := l.accounts[n.account]; len(versions) > 0 {
		fresh = false
		holds := versions[0]
		for _, v := range versions {
			if !n.time.IsZero() && !v.At.After(n.time) {
				holds = v
			}
		}
		for column, value := range holds.Values {
			row[column] = value
		}
	}
	for column, raw := range n.traits {
		plain := string(raw)
		if raw[0] == '"' {
			_ = json.Unmarshal(raw, &plain)
		}
		if string(raw) == "null" {
			plain = ""
		}
		if old, _ := row[column].(string); old != plain {
			fresh = true
		}
		row[column] = raw
	}
	if !fresh {
		return nil
	}
	// The next message about it in this request stands on this one.
	known := intake.Version{At: n.time, Source: l.source, Values: map[string]string{}}
	for column, value := range row {
		switch v := value.(type) {
		case string:
			known.Values[column] = v
		case json.RawMessage:
			plain := string(v)
			if v[0] == '"' {
				_ = json.Unmarshal(v, &plain)
			}
			if plain != "null" {
				known.Values[column] = plain
			}
		}
	}
	l.accounts[n.account] = append(slices.Clip(l.accounts[n.account]), known)
	slices.SortStableFunc(l.accounts[n.account], func(a, b intake.Version) int { return a.At.Compare(b.At) })
	row["account_id"], row["updated_at"] = n.account, n.at
	return row
}

// grapevine brings what one request tells of users to others that wait for it: clients send the message that tells a user's
// account and the user's events at the same time, by several connections, and in any order.
type grapevine struct {
	mu      sync.Mutex
	waiting map[*listener]bool
	vain    map[string]time.Time // users who were waited for in vain, and until when that is not done again
}

// listener is a request that waits.
type listener struct {
	missing map[string][]string // by their first: ids of a user, of which one must be told
	heard   map[string]string
	done    chan struct{}
}

const (
	vainFor  = 10 * time.Minute
	mostVain = 100_000
)

// listen returns the accounts of users, each given by all ids, that others told meanwhile, at the latest after patience.
func (g *grapevine) listen(ctx context.Context, users [][]string, patience time.Duration) map[string]string {
	l := &listener{missing: map[string][]string{}, heard: map[string]string{}, done: make(chan struct{})}
	now := time.Now()
	g.mu.Lock()
	for _, ids := range users {
		if len(ids) > 0 && now.After(g.vain[ids[0]]) {
			l.missing[ids[0]] = ids
		}
	}
	if len(l.missing) == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.waiting == nil {
		g.waiting, g.vain = map[*listener]bool{}, map[string]time.Time{}
	}
	g.waiting[l] = true
	g.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.waiting, l)
	if len(g.vain) > mostVain {
		clear(g.vain)
	}
	if ctx.Err() == nil {
		for id := range l.missing {
			g.vain[id] = time.Now().Add(vainFor)
		}
	}
	return l.heard
}

// tell says which accounts users have by what was just stored.
func (g *grapevine) tell(members map[string]string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := range members {
		delete(g.vain, id)
	}
	for l := range g.waiting {
		for first, ids := range l.missing {
			for _, id := range ids {
				if account := members[id]; account != "" {
					l.heard[id] = account
					delete(l.missing, first)
				}
			}
		}
		if len(l.missing) == 0 {
			delete(g.waiting, l)
			close(l.done)
		}
	}
}
