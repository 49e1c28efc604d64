package dashboards

// executive is what a board of directors reads in a minute: ten numbers, each with its target, its course and its change.
func executive(k *kpis) board {
	const year = `window="12m"`
	goal := func(kpi string) expr { return k.level("target", kpi, true) }
	keys := []key{
		{
			title: text{"ARR", "ARR(年間経常収益)"}, about: []string{"arr"}, leads: "cs-retention", value: sum(k.of("arr.amount")), unit: money, share: true,
			goal: "arr.amount", additive: true,
			otherGoal: write("(%s * (1 + %s))", k.of("efficiency.opening_arr"), goal("efficiency.arr_growth_ratio")),
			note: text{
				"The target is that for arr.amount; where there is none, the ARR of twelve months ago grown by the target for efficiency.arr_growth_ratio, which is the whole company's.",
				"目標はarr.amountの目標値。なければ、12か月前のARRをefficiency.arr_growth_ratioの目標で伸ばした値(全社のみ)。",
			},
		},
		{
			title: text{"NRR, 12 months", "NRR(12か月)"}, about: []string{"nrr"}, leads: "cs-retention", goal: "nrr.ratio", unit: percent,
			value: k.ratio("nrr.closing_arr", "nrr.opening_arr", nil, year),
		},
		{
			title: text{"GRR, 12 months", "GRR(12か月)"}, about: []string{"grr"}, leads: "cs-retention", goal: "grr.ratio", unit: percent,
			value: k.ratio("grr.retained_arr", "grr.opening_arr", nil, year),
		},
		{
			title: text{"Logo churn, 12 mo", "解約率(社数、12か月)"}, about: []string{"logo_churn"}, leads: "cs-retention", goal: "logo_churn.ratio", unit: percent, side: below,
			value: k.ratio("logo_churn.lost_accounts", "logo_churn.opening_accounts", nil, year),
		},
		{
			title: text{"ARR at risk", "リスクARR"}, about: []string{"risk"}, leads: "cs-health", goal: "risk.arr", additive: true, unit: money, side: below, share: true,
			value: sum(k.of("risk.arr")),
		},
		k.covered(0, "cs-coverage"),
		{
			title: text{"Onboarded on time", "オンボーディング期限内完了率"}, about: []string{"onboarding"}, leads: "cs-onboarding", goal: "onboarding.on_time_ratio", unit: percent,
			value: k.ratio("onboarding.on_time_accounts", "onboarding.due_accounts", nil),
		},
		{
			title: text{"Time to use, median", "利用開始までの期間(中央値)"}, about: []string{"time_to_use"}, leads: "cs-onboarding", goal: "time_to_use.p50_seconds", unit: days, side: below,
			value: write("max(%s) / 86400", k.of("time_to_use.p50_at_least_seconds")), factor: " / 86400",
			note: longestAtLeast,
		},
		{
			title: text{"Green accounts", "ヘルスがグリーンの顧客"}, about: []string{"health"}, leads: "cs-health", goal: "health.green_ratio", unit: percent,
			value: over(sum(k.of("health.accounts", `band="green"`)), sum(k.of("health.accounts"))),
		},
		{
			title: text{"Pipeline created, 12 mo", "Pipegen(12か月)"}, about: []string{"pipegen"}, leads: "cs-expansion", goal: "pipegen.amount", additive: true, unit: money, share: true,
			value: sum(k.of("pipegen.amount", year)),
		},
	}
	b := board{
		title: text{"Customer Success: executive overview", "カスタマーサクセス:経営サマリー"},
		about: text{
			"Ten numbers, each with its target, its course over a year and how it changed in 90 days.",
			"10の主要指標と、その目標・1年間の推移・90日間の変化。",
		},
		variables: []variable{segments()},
	}
	widths := []int{5, 5, 5, 4, 5}
	for half := range 2 {
		values, courses := row{height: 4}, row{height: 7}
		for i, of := range keys[5*half : 5*half+5] {
			of.width = widths[i]
			values.panels = append(values.panels, k.judged(of))
			courses.panels = append(courses.panels, k.coursed(of))
		}
		b.rows = append(b.rows, values, courses)
	}
	return b
}

// coursed is the course of one of the ten; where a number has parts that say more than its sum, they are shown.
func (k *kpis) coursed(of key) panel {
	p := k.course(of, text{of.title.en + ": trend", of.title.ja + ":推移"})
	switch of.about[0] {
	case "health":
		p = k.bandsOverTime("accounts", text{"Health bands", "ヘルス別の社数"}, of.width)
		p.option = plainLegend
	case "risk":
		p.title = text{"ARR at risk, by reason", "理由別のリスクARR"}
		p.ask[0] = target{prom: sum(k.of("risk.arr"), "reason"), legend: "{{reason}}"}
		p.labels, p.custom, p.option = []string{"risk reason"}, stacked("normal"), plainLegend
		_, warn, _ := k.goals(of)
		p.ask[1] = target{prom: warn, name: text{"Warning", "警告水準"}, color: grey, dashed: true}
	case "logo_churn":
		p.title = text{"Logo churn: trend", "解約率(社数):推移"}
	case "onboarding":
		p.title = text{"Onboarded on time: trend", "期限内完了率:推移"}
	case "pipegen":
		p.title = text{"Pipeline created: trend", "Pipegen:推移"}
	case "time_to_use":
		p = k.bySegments(p, write("%s / 86400", k.of("time_to_use.p50_seconds")), of.goal, of.factor)
		p.option = plainLegend
	}
	return p
}
