package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"cskpi/exporter/intake"
)

// lookup reads what is stored; intake.Writer does it.
type lookup interface {
	// Versions are what a table holds of the facts whose column key is one of ids, oldest first.
	Versions(ctx context.Context, table, key string, ids []string) (map[string][]intake.Version, error)
	// Pseudonym is what the database has for the id of a person.
	Pseudonym(id string) string
}

// ledger knows which account users belong to, which of their ids are the same user's, and what is known of accounts and users.
type ledger struct {
	source   string // where the caller's rows belong
	members  map[string]string
	aliases  map[link]bool
	stored   func(id string) string // what the database has for the id of a user
	accounts map[string][]intake.Version
	users    map[string][]intake.Version // what the caller's source says
}

// link says that two ids are the same user's.
type link struct {
	former, user string
	device       bool
}

func newLedger(source string) *ledger {
	return &ledger{source: source, stored: func(id string) string { return id }, members: map[string]string{}, aliases: map[link]bool{}, accounts: map[string][]intake.Version{}, users: map[string][]intake.Version{}}
}

// usersOf are the ids of all users that messages name.
func usersOf(all []news) []string {
	named := map[string]bool{}
	for _, n := range all {
		for _, id := range n.ids() {
			named[id] = true
		}
	}
	return slices.Collect(maps.Keys(named))
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

// findUsers adds what the caller's source says of users: who else they are, and the rest.
func (l *ledger) findUsers(ctx context.Context, from lookup, all []news) error {
	var aliases, users []string
	for _, n := range all {
		if n.former != "" {
			aliases = append(aliases, n.former)
		}
		if len(n.person) > 0 {
			users = append(users, n.users[0])
		}
	}
	l.stored = from.Pseudonym
	if len(aliases) > 0 {
		found, err := from.Versions(ctx, tableAliases, "alias_id", aliases)
		if err != nil {
			return err
		}
		for id, versions := range found {
			for _, v := range versions {
				if v.Source == l.source {
					l.aliases[link{id, v.Values["user_id"], v.Values["is_anonymous"] == "true"}] = true
				}
			}
		}
	}
	if len(users) > 0 {
		found, err := from.Versions(ctx, tableUsers, "user_id", users)
		if err != nil {
			return err
		}
		for id, versions := range found {
			l.users[id] = slices.DeleteFunc(versions, func(v intake.Version) bool { return v.Source != l.source })
		}
	}
	return nil
}

// write turns news into rows. Messages that name no account get the one that an earlier message of the request names,
// else the stored one, else the one that a later message names. An event whose account is not known waits for it.
func (l *ledger) write(all []news) (*batch, []refusal) {
	b := newBatch(l.source)
	var refused []refusal
	told, later := map[string]string{}, map[string]string{}
	for _, n := range slices.Backward(all) {
		if n.event == nil && n.account != "" {
			for _, id := range n.ids() {
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
			switch {
			case n.event.AccountID != "":
				b.add(tableEvents, n.message, n.event)
			case len(n.users) > 0:
				if len(n.users) > 1 {
					n.event.AnonymousID = n.users[1]
				}
				b.add(tableWaiting, n.message, n.event)
			default:
				refused = append(refused, refusal{Index: n.message, MessageID: n.id, Reason: noAccount})
			}
		default:
			account := n.account
			if n.former != "" && n.former != n.users[0] {
				// Both ids are the same user, whichever of them the account is known of, and also if it is not known yet.
				said := link{n.former, l.stored(n.users[0]), n.device}
				if !l.aliases[said] {
					l.aliases[said] = true
					b.add(tableAliases, n.message, alias{AliasID: n.former, UserID: n.users[0], IsAnonymous: n.device, UpdatedAt: n.at})
				}
				account = cmp.Or(account, accountOf(n.ids()...))
			}
			if account != "" {
				for _, id := range n.ids() {
					belongs(n, id, account)
				}
			}
			if len(n.person) > 0 {
				if row := l.user(n); row != nil {
					b.add(tableUsers, n.message, row)
				}
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

const noAccount = "names neither an account nor a user: send userId or anonymousId with it, or context.groupId or properties.account_id"

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

// user is the row that an identify makes, or nil if it says nothing new. A row has all that is known of the user: what later messages said goes before
// what this one says, in whatever order they arrive.
func (l *ledger) user(n news) map[string]any {
	id := n.users[0]
	row, at := map[string]any{"user_id": id, "updated_at": n.at}, n.time
	known := intake.Version{Source: l.source, Values: map[string]string{}}
	isLate := false
	if versions := l.users[id]; len(versions) > 0 {
		last := versions[len(versions)-1]
		if isLate = !n.time.After(last.At); isLate {
			at = last.At.Add(time.Millisecond)
			row["updated_at"] = stamp(at)
		}
		for column, value := range last.Values {
			row[column], known.Values[column] = value, value
		}
	}
	fresh := len(l.users[id]) == 0
	for column, raw := range n.person {
		plain := unquoted(raw)
		old, isKnown := known.Values[column]
		// Where ids are pseudonyms, of an address its domain alone is stored.
		if old == plain || isLate && isKnown || strings.HasPrefix(old, "@") && strings.HasSuffix(plain, old) {
			continue
		}
		fresh = true
		row[column], known.Values[column] = raw, plain
	}
	if !fresh {
		return nil
	}
	known.At = at
	l.users[id] = []intake.Version{known}
	return row
}

// unquoted is the text of a JSON string, or another value as it stands; of null, nothing.
func unquoted(raw json.RawMessage) string {
	plain := string(raw)
	if raw[0] == '"' {
		_ = json.Unmarshal(raw, &plain)
	}
	if plain == "null" {
		return ""
	}
	return plain
}
