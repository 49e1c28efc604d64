package dashboards

// coverage shows whether customers are looked after, by whom, and how much each CSM has to do.
func coverage(k *kpis) board {
	by := []string{"segment"}
	keys := []key{
		k.covered(6, ""),
		{
			title: text{"Health checks by people", "定性ヘルスチェック実施率"}, about: []string{"qualitative_checks"}, goal: "qualitative_checks.ratio", unit: percent, width: 6,
			value: k.ratio("qualitative_checks.checked_accounts", "qualitative_checks.eligible_accounts", nil),
		},
		{
			title: text{"Plans carried out in time", "対応計画の期限内実行率"}, about: []string{"action_items"}, goal: "action_items.on_time_ratio", unit: percent, width: 6,
			value: k.ratio("action_items.on_time_items", "action_items.due_items", nil),
		},
		{
			title: text{"Accounts at risk that have a plan", "リスク顧客の対応計画策定率"}, about: []string{"response_plans"}, goal: "response_plans.ratio", unit: percent, width: 6,
			value: k.ratio("response_plans.planned_accounts", "response_plans.at_risk_accounts", nil),
		},
	}
	const listable = `account!="(other)"`
	top := row{height: 4}
	for _, of := range keys {
		top.panels = append(top.panels, k.judged(of))
	}
	return board{
		title:      text{"Customer Success: coverage and workload", "カスタマーサクセス:顧客カバー率と担当状況"},
		about:      text{"Whether customers are looked after, and how much each CSM has to do.", "顧客に目が届いているか、CSMの負荷はどうか。"},
		variables:  []variable{segments(), csms(), currency()},
		clickhouse: true, // for what is marked on the time axis
		rows: []row{
			top,
			{
				title: text{"Coverage against its targets", "顧客カバー率と目標"}, height: 9, panels: []panel{
					k.coverageOf("high"), k.coverageOf("low"), k.coverageOf("tech"),
				},
			},
			{
				title: text{"By CSM", "CSM別"}, height: 12, panels: []panel{
					{
						title: text{"Coverage, load and plans of each CSM", "CSM別の顧客カバー率・担当・対応計画"}, about: []string{"coverage_by_csm", "csm_load", "action_items"}, width: 16, look: table, unit: count,
						ask: []target{
							{prom: k.of("coverage_by_csm.ratio", ofCSMs), over: listed}, {prom: k.of("coverage_by_csm.eligible_accounts", ofCSMs), over: listed},
							{prom: k.of("csm_load.accounts", ofCSMs), over: listed}, {prom: k.of("csm_load.arr", ofCSMs), over: listed}, {prom: k.of("csm_load.at_risk_arr", ofCSMs), over: listed},
							{prom: k.of("action_items.on_time_ratio", ofCSMs), over: listed}, {prom: k.of("action_items.overdue_items", ofCSMs), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("csm"), without("Time")},
						fields: []override{
							{field: "csm", name: text{"CSM", "CSM"}}, {field: "Value #A", name: text{"Coverage", "顧客カバー率"}, unit: &percent, custom: object{"custom.displayMode": "basic", "min": 0, "max": 1}},
							{field: "Value #B", name: text{"Eligible", "対象社数"}, width: 80}, {field: "Value #C", name: text{"Accounts", "担当社数"}, width: 85},
							{field: "Value #D", name: text{"ARR, ${currency}", "ARR(${currency})"}, unit: &amount, width: 115}, {field: "Value #E", name: text{"At risk, ${currency}", "リスクARR(${currency})"}, unit: &amount, width: 125},
							{field: "Value #F", name: text{"Plans in time", "期限内実行率"}, unit: &percent, width: 110}, {field: "Value #G", name: text{"Overdue items", "期限超過の項目"}, width: 115},
						},
					},
					{
						title: text{"Action items that are overdue, by CSM", "期限を過ぎた対応項目(CSM別)"}, about: []string{"action_items"}, width: 8, look: ranking, unit: count, min: new(0.0),
						ask: []target{{
							prom:   orNone(write("sort_desc(%s > 0)", k.of("action_items.overdue_items", ofCSMs)), write("count(%s)", k.of("action_items.overdue_items", ofCSMs)), k.asOf("action_items"), "csm", "no overdue item"),
							legend: "{{csm}}", over: latest,
						}},
					},
				},
			},
			{
				title: text{"Capacity and contact", "担当体制と接点"}, height: 8, panels: []panel{
					{
						title: text{"Accounts per CSM, by segment", "CSM一人当たりの担当社数(セグメント別)"}, about: []string{"csm_capacity"}, width: 8, look: trend, unit: unit{of: same("none"), decimals: 1}, labels: by,
						ask: []target{{prom: k.of("csm_capacity.accounts_per_csm"), legend: "{{segment}}"}},
					},
					{
						title: text{"ARR per CSM, by segment", "CSM一人当たりのARR(セグメント別)"}, about: []string{"csm_capacity"}, width: 8, look: trend, unit: money, labels: by,
						ask: []target{{prom: k.of("csm_capacity.arr_per_csm"), legend: "{{segment}}"}},
					},
					{
						title: text{"Touches per account in 90 days, by way of touching", "1社当たりの接点数(90日間、手段別)"}, about: []string{"touch_volume"}, width: 8, look: trend, unit: unit{of: same("none"), decimals: 1}, labels: []string{"touch kind"}, custom: stacked("normal"),
						ask:  []target{{prom: write("%s / on () group_left () (%s > 0)", sum(k.of("touch_volume.touches"), "kind"), sum(k.of("csm_capacity.accounts"))), legend: "{{kind}}"}},
						note: text{"Over the accounts that have an owner.", "担当者のいる顧客数で割った値。"},
					},
				},
			},
			{
				height: 11, panels: []panel{{
					title: text{"Accounts to touch: overdue, or soon to be", "接点が必要な顧客:期限超過・まもなく期限"}, about: []string{"coverage_gaps"}, width: 24, look: table, unit: count,
					ask: []target{
						{prom: write("%s / 86400", k.of("coverage_gaps.left_seconds", listable, ofCSMs)), over: listed},
						{prom: k.of("coverage_gaps.arr", listable, ofCSMs), over: listed},
						{prom: write("-1 * %s", k.of("coverage_gaps.arr", listable, ofCSMs)), over: listed},
						{prom: none(k.of("coverage_gaps.accounts"), sum(k.of("coverage_by_csm.eligible_accounts", ofCSMs)), k.asOf("coverage_gaps"), "name", "no gap"), over: listed},
					},
					change: []object{
						{"id": "merge", "options": object{}}, sorted("Value #C"), sorted("Value #A"),
						arranged([]string{"name", "csm", "segment", "Value #B", "due", "Value #A", "account", "Value #C"}, "Time", "Value #D"),
					},
					fields: []override{
						{field: "account", hidden: true}, {field: "Value #C", hidden: true}, {field: "name", name: text{"Account", "顧客"}, account: "account"}, {field: "csm", name: text{"CSM", "担当CSM"}},
						{field: "segment", name: text{"Segment", "セグメント"}, words: "segment"}, {field: "Value #B", name: text{"ARR, ${currency}", "ARR(${currency})"}, unit: &amount},
						{field: "due", name: text{"Touch due", "接点の期限"}, words: "gap", custom: coloured()}, {field: "Value #A", name: text{"Days left", "残り日数"}, unit: &count},
					},
				}},
			},
		},
	}
}

// covered is coverage as a number with its target; each segment has a target of its own, and of several it is their mean by accounts.
func (k *kpis) covered(width int, leads string) key {
	eligible, targets := k.of("coverage.eligible_accounts"), k.bySegment("target", "coverage.ratio")
	return key{
		title: text{"Customer coverage", "顧客カバー率"}, about: []string{"coverage"}, goal: "coverage.ratio", unit: percent, width: width, leads: leads,
		value:     k.ratio("coverage.covered_accounts", "coverage.eligible_accounts", nil),
		otherGoal: over(write("sum(%s * on (segment) %s)", targets, eligible), write("sum(%s and on (segment) %s)", eligible, targets)),
		note: text{
			"Of several segments, the target is the mean of theirs by accounts.",
			"複数のセグメントの目標は、対象社数で加重平均した値。",
		},
	}
}

// coverageOf is the coverage of one segment, which has a target and a cadence of its own.
func (k *kpis) coverageOf(segment string) panel {
	var name text
	for _, w := range vocabulary["segment"] {
		if w.value == segment {
			name = w.text
		}
	}
	is := `segment="` + segment + `"`
	level := func(name string) expr { return k.of("targets."+name, `kpi="coverage.ratio"`, is) }
	return panel{
		title: text{"Coverage: " + name.en, "顧客カバー率:" + name.ja}, about: []string{"coverage"}, width: 8, look: trend, unit: percent,
		ask: []target{
			{prom: k.of("coverage.ratio", is), name: text{"Coverage", "顧客カバー率"}, color: blue},
			{prom: level("target"), name: targetWord, color: grey, dashed: true},
			{prom: level("critical"), name: text{"Critical", "重大水準"}, color: bad, dashed: true},
		},
	}
}
