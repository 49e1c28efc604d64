package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"cskpi/exporter/demo"
)

// until is the last day of every company in these tests.
var until = time.Date(2025, 9, 30, 0, 0, 0, 0, time.UTC)

func company(t testing.TB, o demo.Options) *demo.Company {
	t.Helper()
	if o.Until.IsZero() {
		o.Until = until
	}
	c, err := demo.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dump(t testing.TB, c *demo.Company, table string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(context.Background(), table, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scan decodes the rows of a table one by one.
func scan[T any](t testing.TB, c *demo.Company, table string, f func(T)) {
	t.Helper()
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(c.Write(context.Background(), table, pw)) }()
	lines := bufio.NewScanner(pr)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v: %s", table, err, lines.Bytes())
		}
		f(v)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
}

// latest keeps the last version of each row.
func latest[T any](t testing.TB, c *demo.Company, table string, id func(T) string) map[string]T {
	t.Helper()
	m := map[string]T{}
	scan(t, c, table, func(v T) { m[id(v)] = v }) // Versions come in order; TestVersions holds that.
	return m
}

type date string

func (d date) time() time.Time {
	v, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(err)
	}
	return v
}

func on(t time.Time) date { return date(t.Format(time.DateOnly)) }

type account struct {
	ID     string `json:"account_id"`
	Parent string `json:"parent_account_id"`
	Name   string `json:"name"`
	CSM    string `json:"csm"`
	IsTest bool   `json:"is_test"`
}

type contract struct {
	ID         string  `json:"contract_id"`
	Account    string  `json:"account_id"`
	Product    string  `json:"product"`
	Department string  `json:"department"`
	Kind       string  `json:"kind"`
	Seats      int     `json:"seats"`
	ACV        float64 `json:"acv"`
	Currency   string  `json:"currency"`
	Starts     date    `json:"starts_on"`
	Ends       date    `json:"ends_before"`
	From       string  `json:"renewed_from"`
	Notice     date    `json:"notice_on"`
	Reason     string  `json:"cancel_reason"`
	Trial      bool    `json:"is_trial"`
	Land       bool    `json:"is_land"`

	replaced date // First day on which a successor replaces it.
}

// books are the contracts of the customers that count, ready to be valued at one fixed rate per currency.
type books struct {
	contracts []*contract
	byID      map[string]*contract
	rate      map[string]float64
}

func readBooks(t testing.TB, c *demo.Company, currency string) *books {
	t.Helper()
	test := map[string]bool{}
	for id, a := range latest(t, c, "accounts", func(a account) string { return a.ID }) {
		test[id] = a.IsTest
	}
	b := &books{byID: map[string]*contract{}, rate: map[string]float64{currency: 1}}
	var order []string
	scan(t, c, "contracts", func(k contract) {
		if _, ok := b.byID[k.ID]; !ok {
			order = append(order, k.ID)
		}
		b.byID[k.ID] = &k
	})
	scan(t, c, "fx_rates", func(r struct {
		Currency string
		Rate     float64
	}) {
		b.rate[r.Currency] = r.Rate
	})
	for _, id := range order {
		k := b.byID[id]
		if k.From != "" {
			if p := b.byID[k.From]; p != nil && (p.replaced == "" || k.Starts < p.replaced) {
				p.replaced = k.Starts
			}
		}
		if !test[k.Account] {
			b.contracts = append(b.contracts, k)
		}
	}
	return b
}

// arr is the ARR by account at the end of a day.
func (b *books) arr(d date) map[string]float64 {
	m := map[string]float64{}
	for _, k := range b.contracts {
		if k.Trial || k.ACV <= 0 || k.Starts > d || k.Ends != "" && k.Ends <= d || k.replaced != "" && k.replaced <= d {
			continue
		}
		m[k.Account] += k.ACV * b.rate[k.Currency]
	}
	return m
}

func segmentOf(arr float64) string {
	switch {
	case arr >= 100_000:
		return "high"
	case arr >= 10_000:
		return "low"
	}
	return "tech"
}
