package demo

import (
	"context"
	"fmt"
	"math"
)

type touchKind uint8

const (
	meeting touchKind = iota
	call
	visit
	email
	webinar
	reviewing
)

var touchNames = []string{"meeting", "call", "visit", "email", "webinar", "review"}

type touch struct {
	on        day
	second    int32
	csm       int32
	kind      touchKind
	executive bool
	mood      uint8 // Index into moods.
}

var moods = []string{"", "risk", "neutral", "opportunity"}

type risk struct {
	kind     string
	severity int
	csm      int32
	raised   day
	closed   day
	passes   day // It may be closed from then on.
}

type action struct {
	title   int
	csm     int32
	created day
	due     day
	done    day
}

type review struct {
	on          day
	improvement float64 // NaN: nobody measured.
	verified    bool
	outcome     int
}

// cadence is the number of days within which a segment's accounts are to be touched.
var cadence = [3]day{30, 90, 180}

// inTouch tells whether the account has been touched within its cadence.
func (c *Company) inTouch(a *account, d day) bool { return d-a.lastTouch <= cadence[c.segment(a)] }

// workday picks a day of the week that begins with d on which people work.
func workday(dice dice, d day) day {
	for {
		if on := d + dice.days(0, 6); on.weekday() >= 1 && on.weekday() <= 5 {
			return on
		}
	}
}

// attend is the CSM's week with an account. How often it is touched follows its segment, the owner's diligence and
// load; onboarding, open risks and renewals get more. Now and then an account is neglected for months.
func (c *Company) attend(a *account, d day) {
	if a.role != customer || a.csm < 0 {
		return
	}
	s := c.segment(a)
	owner := &c.staff.people[a.csm]
	if a.dice.weekly([...]float64{0.05, 0.16, 0.2}[s]) {
		a.neglected = d + a.dice.days(45, 140)
	}
	due := a.due()
	closeToRenewal := due != never && due-d < 110 && due > d
	rate := [...]float64{40, 11, 3.8}[s] * owner.diligence / math.Pow(max(1, c.staff.stretch(a.csm)), 0.7)
	if d < a.onboarded {
		rate *= [...]float64{1.4, 1.8, 1.6}[s]
	}
	if a.openRisk() != nil {
		rate *= 1.5
	}
	if closeToRenewal {
		rate *= 1.35
	}
	if d < a.neglected {
		rate *= 0.08
	}
	on := workday(a.dice, d)
	if on > c.last || !a.customerOn(on) {
		return
	}
	human := [...]float64{0.30, 0.12, 0.02}[s]
	if closeToRenewal || a.pursuit.active {
		human = min(2*human, 0.7)
	}
	if a.dice.weekly(rate) {
		t := touch{on: on, second: int32(9*3600 + a.dice.IntN(9*3600)), csm: a.csm}
		t.kind = touchKind(a.dice.one([...][]float64{{44, 25, 15, 16, 0, 0}, {34, 42, 5, 17, 2, 0}, {3, 16, 0, 42, 39, 0}}[s]...))
		t.executive = t.kind <= visit && a.dice.chance(human)
		c.touched(a, t, s)
	}
	// A value review belongs before a renewal, and happens where there is somebody to hold it.
	wish := [...]float64{2.2, 1.0, 0.08}[s]
	if closeToRenewal {
		wish *= 2.4
	}
	if d-a.since > 100 && d >= a.neglected && a.lastReview()+75 < d && a.dice.weekly(wish*owner.diligence) {
		c.touched(a, touch{on: on, second: int32(10*3600 + a.dice.IntN(7*3600)), csm: a.csm, kind: reviewing, executive: a.dice.chance(0.55)}, s)
		v := review{on: on, improvement: math.NaN(), outcome: a.dice.IntN(len(outcomes))}
		if a.dice.chance(0.8) {
			v.improvement = math.Round(1000*max(-0.1, a.dice.normal(0.02+0.32*(a.smooth-0.2), 0.07))) / 1000
			v.verified = v.improvement > 0 && a.dice.chance(clamp(0.15+0.7*a.smooth, 0, 0.9))
		}
		a.reviews = append(a.reviews, v)
	}
	// The weekly look at the usage report, for those whom it would tell something.
	if a.smooth < 0.50 && !a.leaving && a.openRisk() == nil && d >= a.neglected && a.dice.weekly([...]float64{5, 4, 1}[s]*clamp(5*(0.55-a.smooth), 0, 1)) {
		kind := []string{"quality", "budget", "policy_change", "competitor"}[a.dice.IntN(4)]
		c.raise(a, touch{on: on, csm: a.csm}, kind, 2+a.dice.IntN(2))
	}
	c.settle(a, d)
}

// due is the next end of a contract in force; never: none.
func (a *account) due() day {
	next := day(never)
	for _, l := range a.lines {
		if k := &a.contracts[l.current]; !l.over && k.ends != never && (next == never || k.ends < next) {
			next = k.ends
		}
	}
	return next
}

func (a *account) lastReview() day {
	if n := len(a.reviews); n > 0 {
		return a.reviews[n-1].on
	}
	return never
}

func (a *account) openRisk() *risk {
	if n := len(a.risks); n > 0 && a.risks[n-1].closed == never {
		return &a.risks[n-1]
	}
	return nil
}

// touched is what a touch brings to light: blows and idle licences are noticed in two of three cases, and sometimes
// a CSM sees a ghost.
func (c *Company) touched(a *account, t touch, s segment) {
	if t.kind != email || s == tech {
		a.lastTouch = t.on
	}
	switch {
	case a.unseen && a.trouble > 0.07 || a.smooth < 0.40:
		t.mood = 1
	case a.pursuit.active && !a.pursuit.open:
		t.mood = 3
	case a.dice.chance(0.85):
		t.mood = 2
	}
	a.touches = append(a.touches, t)
	talked := t.kind <= visit || t.kind == reviewing
	switch {
	case a.openRisk() != nil || a.leaving:
	case a.unseen && a.trouble > 0.07 && (talked && a.dice.chance(0.68) || !talked && a.dice.chance(0.22)):
		a.unseen = false
		severity := 1
		if a.trouble > 0.34 {
			severity = 3
		} else if a.trouble > 0.2 {
			severity = 2
		}
		c.raise(a, t, blows[a.troubleKind].name, severity)
	case talked && a.smooth < 0.43 && a.dice.chance(0.25):
		c.raise(a, t, pick(a.dice, []string{"quality", "budget", "policy_change", "competitor"}), 2+a.dice.IntN(2))
	case talked && a.dice.chance(0.012):
		c.raise(a, t, blows[a.dice.IntN(len(blows))].name, 1+a.dice.IntN(2))
	}
	if talked && a.dice.chance(0.3) {
		c.plan(a, t)
	}
}

func (c *Company) raise(a *account, t touch, kind string, severity int) {
	a.risks = append(a.risks, risk{kind: kind, severity: severity, csm: t.csm, raised: t.on, passes: t.on + a.dice.days(21, 90)})
	for range 1 + a.dice.IntN(severity+1) {
		c.plan(a, t)
	}
}

// plan adds a to-do. Busy people are late.
func (c *Company) plan(a *account, t touch) {
	p := &c.staff.people[t.csm]
	it := action{title: a.dice.IntN(len(titles)), csm: t.csm, created: t.on, due: t.on + a.dice.days(7, 30)}
	punctual := clamp(0.80*p.diligence/max(1, c.staff.stretch(t.csm)), 0.3, 0.92)
	switch u := a.dice.Float64(); {
	case u < punctual:
		it.done = it.due - a.dice.days(0, int(it.due-it.created)-1)
	case u < punctual+0.7*(1-punctual):
		it.done = it.due + a.dice.days(1, 45)
	}
	a.actions = append(a.actions, it)
}

// settle closes a risk when the trouble has passed.
func (c *Company) settle(a *account, d day) {
	if r := a.openRisk(); r != nil && !a.leaving && d >= r.passes && a.trouble < 0.10 && a.smooth > 0.48 {
		r.closed = d
	}
}

// bury closes what was open when the customer is gone: nothing is reached or done for it any more.
func (c *Company) bury(a *account) {
	if r := a.openRisk(); r != nil {
		r.closed = max(a.ended, r.raised)
	}
	for i := range a.actions {
		if k := &a.actions[i]; k.done == never || k.done > a.ended {
			k.done = max(a.ended, k.created)
		}
	}
	for i := range a.steps {
		if m := &a.steps[i]; m.reached >= a.ended {
			m.reached = never
		}
		if m := &a.steps[i]; m.replanOn >= a.ended {
			m.replanned = never
		}
	}
}

var (
	titles = [][2]string{ // English, Japanese.
		{"Agree the success plan", "サクセスプランの合意"},
		{"Train the new team leads", "新任リーダー向けトレーニング"},
		{"Review idle licences", "未使用ライセンスの棚卸し"},
		{"Find a new champion", "新しい推進者の選定"},
		{"Meet the decision maker", "決裁者との面談"},
		{"Follow up on open tickets", "未解決チケットのフォロー"},
		{"Show the roadmap", "ロードマップの説明"},
		{"Clean up master data", "マスタデータの整備"},
		{"Prepare the renewal proposal", "更新提案の準備"},
		{"Share a use case of a peer", "他社事例の共有"},
	}
	notes = [4][2]string{
		{"Regular contact.", "定期接点。"},
		{"Usage is below plan; the team has other priorities.", "利用状況が想定を下回る。現場の優先度が低下。"},
		{"No surprises; next steps agreed.", "大きな変化なし。次のアクションを合意。"},
		{"More people want to work with it; to be discussed with the AE.", "利用拡大の要望あり。AEと連携して提案予定。"},
	}
	outcomes = [][2]string{
		{"More customer visits per day", "1日あたり訪問件数の増加"},
		{"Less time spent on reports", "報告業務の時間削減"},
		{"Shorter response to enquiries", "問い合わせ対応時間の短縮"},
		{"More orders from existing customers", "既存顧客からの受注増"},
		{"Fewer kilometres driven", "移動距離の削減"},
	}
)

// in picks the language of a region.
func in(geo string, text [2]string) string {
	if geo == "japan" {
		return text[1]
	}
	return text[0]
}

func (c *Company) operational(d day) bool { return d >= c.first && d <= c.last }

func (c *Company) writeTouchpoints(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		for i, t := range a.touches {
			if !c.operational(t.on) {
				continue
			}
			at := c.calendar.at(t.on, int(t.second))
			r.text("touchpoint_id", fmt.Sprintf("T%s-%d", a.id[1:], i+1))
			r.text("account_id", a.id)
			r.text("csm", c.staff.name(t.csm))
			r.text("kind", touchNames[t.kind])
			r.instant("happened_at", at)
			r.truth("with_executive", t.executive)
			r.text("sentiment", moods[t.mood])
			note := ""
			if t.kind != webinar && t.kind != email {
				note = in(a.geo, notes[t.mood])
			}
			r.text("note", note)
			r.end(at)
		}
	})
}

func (c *Company) writeRisks(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		for i, k := range a.risks {
			if !c.operational(k.raised) {
				continue
			}
			version := func(closed day, updated int64) {
				r.text("risk_id", fmt.Sprintf("R%s-%d", a.id[1:], i+1))
				r.text("account_id", a.id)
				r.text("csm", c.staff.name(k.csm))
				r.text("kind", k.kind)
				r.number("severity", k.severity)
				r.day("raised_on", k.raised)
				r.day("closed_on", closed)
				r.end(updated)
			}
			version(never, c.calendar.at(k.raised, 19*3600))
			if k.closed != never && k.closed <= c.last {
				version(k.closed, c.calendar.at(k.closed, 20*3600))
			}
		}
	})
}

func (c *Company) writeActions(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		for i, k := range a.actions {
			if !c.operational(k.created) {
				continue
			}
			version := func(done day, updated int64) {
				r.text("item_id", fmt.Sprintf("I%s-%d", a.id[1:], i+1))
				r.text("account_id", a.id)
				r.text("csm", c.staff.name(k.csm))
				r.text("title", in(a.geo, titles[k.title]))
				r.day("due_on", k.due)
				r.day("done_on", done)
				r.end(updated)
			}
			version(never, c.calendar.at(k.created, 19*3600))
			if k.done != never && k.done <= c.last {
				version(k.done, c.calendar.at(k.done, 20*3600))
			}
		}
	})
}

func (c *Company) writeReviews(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		for i, v := range a.reviews {
			if !c.operational(v.on) {
				continue
			}
			r.text("review_id", fmt.Sprintf("V%s-%d", a.id[1:], i+1))
			r.text("account_id", a.id)
			r.day("reviewed_on", v.on)
			r.text("outcome", in(a.geo, outcomes[v.outcome]))
			if math.IsNaN(v.improvement) {
				r.null("improvement_ratio")
			} else {
				r.decimal("improvement_ratio", v.improvement, 3)
			}
			r.truth("is_verified", v.verified)
			r.end(c.calendar.at(v.on, 18*3600))
		}
	})
}
