package dashboards

import "strings"

// retention shows whether customers stay and grow: where ARR went, retention by segment and by definition, who left and why,
// how each quarter's customers lasted, and what is up for renewal.
func retention(k *kpis) board {
	const year = `window="12m"`
	keys := []key{
		{
			title: text{"NRR, 12 months", "NRR(12か月)"}, about: []string{"nrr"}, goal: "nrr.ratio", unit: percent,
			value: k.ratio("nrr.closing_arr", "nrr.opening_arr", nil, year),
		},
		{
			title: text{"GRR, 12 months", "GRR(12か月)"}, about: []string{"grr"}, goal: "grr.ratio", unit: percent,
			value: k.ratio("grr.retained_arr", "grr.opening_arr", nil, year),
		},
		{
			title: text{"Logo churn, 12 months", "解約率(社数、12か月)"}, about: []string{"logo_churn"}, goal: "logo_churn.ratio", unit: percent, side: below,
			value: k.ratio("logo_churn.lost_accounts", "logo_churn.opening_accounts", nil, year),
		},
		{
			title: text{"Renewal rate, 12 mo", "契約更新率(12か月)"}, about: []string{"renewal_rate"}, goal: "renewal_rate.ratio", unit: percent,
			value: k.ratio("renewal_rate.renewed_arr", "renewal_rate.due_arr", nil, year),
		},
		{
			title: text{"Renewals ready", "更新準備率"}, about: []string{"renewal_readiness"}, goal: "renewal_readiness.ratio", unit: percent,
			value: k.ratio("renewal_readiness.ready_accounts", "renewal_readiness.due_accounts", nil),
		},
		{
			title: text{"ARR due in 90 days", "90日以内の更新ARR"}, about: []string{"renewals"}, unit: money, side: neither, share: true,
			value: sum(k.of("renewals.arr", `due!="overdue"`)),
		},
	}
	top := row{height: 4}
	for _, of := range keys {
		of.width = 4
		top.panels = append(top.panels, k.judged(of))
	}
	by := []string{"segment"}
	split := func(title text, about, goal string, value expr) panel {
		return k.bySegments(panel{title: title, about: []string{about}, width: 8, unit: percent}, value, goal, "")
	}
	return board{
		title:      text{"Customer Success: retention and churn", "カスタマーサクセス:継続と解約"},
		about:      text{"Whether customers stay and grow, who left and why, and what is up for renewal.", "顧客の継続と拡大、解約の理由、今後の更新。"},
		variables:  []variable{segments(), window(), csms(), currency()},
		clickhouse: true,
		rows: []row{
			top,
			{
				title: text{"Where ARR went", "ARRの増減"}, height: 10, panels: []panel{
					k.waterfall(15),
					{
						title: text{"ARR, and what of it has not given notice", "ARRと、解約通知を除くARR(確約ARR)"}, about: []string{"arr"}, width: 9, look: trend, unit: money,
						ask: []target{
							{prom: sum(k.of("arr.amount")), name: same("ARR"), color: blue},
							{prom: sum(k.of("arr.contracted_amount")), name: text{"Contracted ARR", "確約ARR"}, color: purple},
						},
					},
				},
			},
			{
				title: text{"Retention over 12 months, by segment", "セグメント別の継続率(12か月)"}, height: 8, panels: []panel{
					split(text{"Net revenue retention, by segment", "セグメント別NRR"}, "nrr", "nrr.ratio", k.ratio("nrr.closing_arr", "nrr.opening_arr", by, year)),
					split(text{"Gross revenue retention, by segment", "セグメント別GRR"}, "grr", "grr.ratio", k.ratio("grr.retained_arr", "grr.opening_arr", by, year)),
					split(text{"Logo churn, by segment", "セグメント別の解約率(社数)"}, "logo_churn", "logo_churn.ratio", k.ratio("logo_churn.lost_accounts", "logo_churn.opening_accounts", by, year)),
				},
			},
			{
				height: 8, panels: []panel{
					{
						title: text{"NRR by three definitions, whole company", "NRRの定義別比較(全社)"}, about: []string{"nrr_definitions"}, width: 8, look: trend, unit: percent,
						labels: []string{"definition"},
						ask:    []target{{prom: k.of("nrr_definitions.ratio", chosenWindow), legend: "{{definition}}"}},
					},
					{
						title: text{"Revenue churn, gross and net", "解約率(金額ベース):グロスとネット"}, about: []string{"revenue_churn"}, width: 8, look: trend, unit: percent,
						ask: []target{
							{prom: over(write("sum(%s + %s)", k.of("revenue_churn.lost_arr", chosenWindow), k.of("revenue_churn.contracted_arr", chosenWindow)),
								sum(k.of("revenue_churn.opening_arr", chosenWindow))), name: text{"Gross", "グロス"}, color: bad},
							{prom: over(write("sum(%s + %s - %s)", k.of("revenue_churn.lost_arr", chosenWindow), k.of("revenue_churn.contracted_arr", chosenWindow), k.of("revenue_churn.expanded_arr", chosenWindow)),
								sum(k.of("revenue_churn.opening_arr", chosenWindow))), name: text{"Net: less expansion", "ネット(拡大を差し引く)"}, color: blue},
						},
					},
					{
						title: text{"Expansion by kind", "種別ごとの拡大"}, about: []string{"expansion"}, width: 8, look: trend, unit: money, labels: []string{"expansion kind"}, custom: stacked("normal"),
						ask: []target{{prom: sum(k.of("expansion.amount", chosenWindow), "kind"), legend: "{{kind}}"}},
					},
				},
			},
			k.budget(),
			{
				title: text{"Who left, and why (whole company)", "解約の理由(全社)"}, height: 10, panels: []panel{
					{
						title: text{"Accounts that left, by reason and fiscal year", "理由・会計年度別の解約社数"}, about: []string{"churn_reasons"}, width: 10, look: table, unit: count,
						ask: []target{{prom: write(`%s or label_replace(%s, "fiscal_year", "–", "", "")`, k.of("churn_reasons.accounts"),
							none(k.of("churn_reasons.accounts"), sum(k.of("csm_load.accounts")), k.asOf("churn_reasons"), "reason", "no churn")), over: listed}},
						change: []object{
							{"id": "sortBy", "options": object{"sort": []object{{"field": "fiscal_year", "desc": false}}}},
							{"id": "groupingToMatrix", "options": object{"columnField": "fiscal_year", "rowField": "reason", "valueField": "Value"}},
						},
						custom: object{"displayMode": "color-background", "align": "center"},
						fields: []override{{field: `reason\fiscal_year`, name: text{"Reason", "理由"}, words: "churn reason", custom: object{"custom.displayMode": "auto", "custom.align": "left", "custom.width": 200}}},
						shades: true,
					},
					{
						title: text{"Share of first ARR that is left, by quarter of the first contract", "契約開始四半期別:当初ARRの残存率"}, about: []string{"cohorts"}, width: 14, look: table, unit: unit{of: same("percentunit")},
						empty:  empty(text{"A quarter is shown when its first contracts are a month old.", "四半期は、最初の契約から1か月後に表示されます。"}),
						ask:    k.cohortAges("cohorts.arr_ratio"),
						change: []object{{"id": "merge", "options": object{}}, sorted("cohort"), without("Time")},
						custom: object{"displayMode": "color-background", "align": "center"}, min: new(0.4), max: new(1.6),
						fields: cohortColumns(), shades: true,
					},
				},
			},
			k.lifetimes(),
			{
				title: text{"Renewals ahead", "今後の更新"}, height: 10, panels: []panel{
					{
						title: text{"ARR due for renewal, by health", "更新を迎えるARR(ヘルス別)"}, about: []string{"renewals"}, width: 8, look: bars, unit: money,
						ask:    k.dueByBand(),
						change: []object{{"id": "merge", "options": object{}}, sorted("due"), without("Time")},
						fields: []override{
							{field: "due", words: "due"},
							{field: "Value #A", name: vocabulary["band"][0].text, color: good},
							{field: "Value #B", name: vocabulary["band"][1].text, color: warning},
							{field: "Value #C", name: vocabulary["band"][2].text, color: bad},
							{field: "Value #D", name: vocabulary["band"][3].text, color: grey},
						},
						option: object{"stacking": "normal", "xField": "due", "showValue": "never"},
					},
					{
						title: text{"Contracts due, and how far they are prepared", "更新を迎える契約の準備状況"}, about: []string{"renewal_process"}, width: 16, look: table, unit: count,
						ask: []target{
							{prom: sum(k.of("renewal_process.due_contracts"), "due"), over: listed},
							{prom: sum(k.of("renewal_process.touched_contracts"), "due"), over: listed},
							{prom: sum(k.of("renewal_process.reviewed_contracts"), "due"), over: listed},
							{prom: sum(k.of("renewal_process.opportunity_contracts"), "due"), over: listed},
							{prom: sum(k.of("renewal_process.expand_contracts"), "due"), over: listed},
							{prom: sum(k.of("renewal_process.complaint_contracts"), "due"), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("due"), without("Time")},
						fields: []override{
							{field: "due", name: text{"Due in", "期限まで"}, words: "due"},
							{field: "Value #A", name: text{"Contracts due", "対象契約数"}},
							{field: "Value #B", name: text{"Touched, 60 d", "60日以内に接点"}},
							{field: "Value #C", name: text{"Value reviewed", "導入効果を確認"}},
							{field: "Value #D", name: text{"Renewal open", "更新商談あり"}},
							{field: "Value #E", name: text{"Expansion open", "拡大商談あり"}},
							{field: "Value #F", name: text{"Complaint open", "未解決のクレーム"}},
						},
					},
				},
			},
			{
				height: 10, panels: []panel{{
					title: text{"Contracts that are due, by day", "更新を迎える契約(期限順)"}, about: []string{"renewals"}, width: 24, look: table, unit: count,
					ask: []target{{sql: renewalsSQL}},
					fields: []override{
						{field: "account_id", hidden: true},
						{field: "account", name: text{"Account", "顧客"}, account: "account_id"},
						{field: "csm", name: text{"CSM", "担当CSM"}},
						{field: "segment", name: text{"Segment", "セグメント"}, words: "segment"},
						{field: "due_on", name: text{"Ends before", "契約終了日"}, unit: &date},
						{field: "due", name: text{"Due", "期限"}, words: "due", custom: coloured()},
						{field: "contract", name: text{"Contract", "契約"}},
						{field: "arr", name: text{"ARR, ${currency}", "ARR(${currency})"}, unit: &amount},
						{field: "band", name: text{"Health", "ヘルス"}, words: "band", custom: coloured()},
						{field: "outcome", name: text{"State", "状態"}, words: "renewal outcome", custom: coloured()},
					},
				}},
			},
		},
	}
}

// budget shows what of the ARR that may be lost in a year is lost, and how fast the rest goes.
func (k *kpis) budget() row {
	const year = `window="364d"`
	// Only segments that have a budget, which is not so without a target.
	part := func(column string, matchers ...string) expr {
		return write("(%s and %s > 0)", k.of("retention_budget."+column, matchers...), k.of("retention_budget.budget_arr", matchers...))
	}
	burn := func(window string) expr {
		return over(sum(part("lost_arr", window), "segment"), sum(part("budget_arr", window), "segment"))
	}
	level := func(name string) expr { return k.level(name, "retention_budget.burn_ratio", false) }
	none := empty(text{"The budget needs a target for gross revenue retention.", "予算の計算にはGRRの目標が必要です。"})
	return row{
		title: text{"Losses against what the target of GRR allows", "GRR目標に対する解約・縮小の予算"}, height: 8, panels: []panel{
			{
				title: text{"How many times too fast the budget is used up", "予算を消化する速さ(1×で1年)"}, about: []string{"retention_budget"}, width: 8, look: trend, unit: times, labels: []string{"budget window"}, min: new(0.0),
				empty: none,
				ask: []target{
					{prom: over(sum(part("lost_arr", `window!="7d"`), "window"), sum(part("budget_arr", `window!="7d"`), "window")), legend: "{{window}}"},
					{prom: level("warning"), name: text{"Warning", "警告"}, color: warning, dashed: true},
				},
			},
			{
				title: text{"Budget left of a year, by segment", "年間予算の残り(セグメント別)"}, about: []string{"retention_budget"}, width: 6, look: trend, unit: unit{of: same("percentunit")}, labels: []string{"segment"},
				note:  text{"Below zero more was lost in a year than the target allows.", "ゼロを下回ると、1年間の損失が目標の許容額を超えている。"},
				empty: none,
				ask:   []target{{prom: write("1 - %s", burn(year)), legend: "{{segment}}"}},
			},
			{
				title: text{"Budget and losses of a year, by segment", "1年間の予算と損失(セグメント別)"}, about: []string{"retention_budget"}, width: 10, look: table, unit: amount,
				empty: none,
				ask: []target{
					{prom: sum(part("budget_arr", year), "segment"), over: listed}, {prom: sum(part("lost_arr", year), "segment"), over: listed},
					{prom: sum(part("lost_accounts", year), "segment"), over: listed}, {prom: burn(`window="91d"`), over: listed}, {prom: burn(`window="28d"`), over: listed},
				},
				change: []object{{"id": "merge", "options": object{}}, sorted("segment"), without("Time")},
				fields: []override{
					{field: "segment", name: text{"Segment", "セグメント"}, words: "segment"},
					{field: "Value #A", name: text{"May be lost, ${currency}", "予算(${currency})"}, width: 130}, {field: "Value #B", name: text{"Lost, ${currency}", "損失(${currency})"}, width: 100},
					{field: "Value #C", name: text{"Accounts", "社数"}, unit: &count, width: 80},
					{field: "Value #D", name: text{"Burn, 91 d", "91日の速さ"}, unit: &times, width: 90}, {field: "Value #E", name: text{"Burn, 28 d", "28日の速さ"}, unit: &times, width: 90},
				},
			},
		},
	}
}

// lifetimes shows how long customers stay before they leave for the first time, and how sure that is.
func (k *kpis) lifetimes() row {
	const churn = `event="churn"`
	at := func(column, months string) target {
		return target{prom: k.of("survival."+column, churn, `age_months="`+months+`"`), over: listed}
	}
	merged := []object{{"id": "merge", "options": object{}}, sorted("segment"), without("Time")}
	segment := override{field: "segment", name: text{"Segment", "セグメント"}, words: "segment"}
	return row{
		title: text{"How long customers stay", "顧客の継続期間"}, height: 7, panels: []panel{
			{
				title: text{"Share that never left, by months since the first paid day", "一度も解約していない割合(経過月数別)"}, about: []string{"survival"}, width: 10, look: table, unit: percent,
				ask:    []target{at("ratio", "3"), at("ratio", "6"), at("ratio", "12"), at("ratio", "24"), at("ratio", "36")},
				change: merged,
				fields: []override{
					segment, {field: "Value #A", name: text{"3 mo", "3か月"}}, {field: "Value #B", name: text{"6 mo", "6か月"}}, {field: "Value #C", name: text{"12 mo", "12か月"}},
					{field: "Value #D", name: text{"24 mo", "24か月"}}, {field: "Value #E", name: text{"36 mo", "36か月"}},
				},
			},
			{
				title: text{"After 24 months: bounds, and the median", "24か月時点の信頼限界と中央値"}, about: []string{"survival", "time_to_event"}, width: 14, look: table, unit: percent,
				note: text{"Bounds are 95 %. Days stayed count what is longer than 24 months as 24 months.", "上限・下限は95%。平均継続日数は24か月を超える分を24か月として数える。"},
				ask: []target{
					at("ratio_lower", "24"), at("ratio_upper", "24"), at("at_risk_accounts", "24"),
					{prom: write("%s / 86400", k.of("survival.restricted_mean_seconds", churn, `age_months="24"`)), over: listed},
					{prom: write("%s / 86400", k.of("time_to_event.p50_seconds", churn)), over: listed},
					{prom: write("%s / 86400", k.of("time_to_event.p50_lower_seconds", churn)), over: listed},
					{prom: k.of("time_to_event.event_accounts", churn), over: listed},
				},
				change: merged,
				fields: []override{
					segment, {field: "Value #A", name: text{"Lower", "下限"}}, {field: "Value #B", name: text{"Upper", "上限"}}, {field: "Value #C", name: text{"At risk", "観察中"}, unit: &count},
					{field: "Value #D", name: text{"Stayed, mean", "平均継続日数"}, unit: &days}, {field: "Value #E", name: text{"Median", "中央値"}, unit: &days},
					{field: "Value #F", name: text{"Median at least", "中央値の下限"}, unit: &days}, {field: "Value #G", name: text{"Left", "解約"}, unit: &count},
				},
			},
		},
	}
}

// window is the choice of how far movements look back.
func window() variable {
	v := variable{name: "window", label: text{"Window", "期間"}, initial: "12m"}
	for _, w := range vocabulary["window"] {
		v.choices = append(v.choices, choice{w.value, w.text})
	}
	return v
}

// steps are the movements of a waterfall, in their order.
var steps = []string{"new", "expansion", "reactivation", "currency", "contraction", "churn"}

// waterfall leads from the ARR of the start of the window to that of its end: stacked bars on an invisible base.
func (k *kpis) waterfall(width int) panel {
	moved := func(movements ...string) expr {
		if len(movements) == 0 {
			return write("0 * %s", sum(k.of("nrr.opening_arr", chosenWindow)))
		}
		return write("(%s)", sum(k.of("arr_movements.amount", chosenWindow, `movement=~"`+strings.Join(movements, "|")+`"`)))
	}
	// What was reported at the start: what the accounts of the start pay at today's rates, less what the rates changed.
	opening := write("(%s - %s)", sum(k.of("nrr.opening_arr", chosenWindow)), moved("currency"))
	named := func(e expr, step string) expr { return write(`label_replace(%s, "step", "`+step+`", "", "")`, e) }
	var base, up, down []expr
	for i, s := range steps {
		step := string(rune('2'+i)) + " " + s
		before, after := write("%s + %s", opening, moved(steps[:i]...)), write("%s + %s", opening, moved(steps[:i+1]...))
		gain, loss := write("clamp_min(%s, 0)", moved(s)), write("clamp_min(- %s, 0)", moved(s))
		switch s {
		case "contraction", "churn":
			base, down = append(base, named(after, step)), append(down, named(loss, step))
		case "currency": // goes either way
			base, up, down = append(base, named(write("%s - %s", before, loss), step)), append(up, named(gain, step)), append(down, named(loss, step))
		default:
			base, up = append(base, named(before, step)), append(up, named(gain, step))
		}
	}
	total := either(named(opening, "1 opening"), named(write("%s + %s", opening, moved(steps...)), "8 closing"))
	return panel{
		title: text{"ARR from the start of the window to now", "ARRの増減(期首から現在まで)"}, about: []string{"arr_movements", "arr_bridge"}, width: width, look: bars, unit: money,
		ask:    []target{{prom: either(base...), over: listed}, {prom: total, over: listed}, {prom: either(up...), over: listed}, {prom: either(down...), over: listed}},
		change: []object{{"id": "merge", "options": object{}}, sorted("step"), without("Time")},
		fields: []override{
			{field: "step", words: "step"},
			{field: "Value #A", color: invisible, custom: object{"custom.fillOpacity": 0, "custom.lineWidth": 0, "custom.hideFrom": object{"legend": true, "tooltip": true, "viz": false}}},
			{field: "Value #B", name: same("ARR"), color: blue},
			{field: "Value #C", name: text{"Gained", "増加"}, color: good},
			{field: "Value #D", name: text{"Lost", "減少"}, color: bad},
		},
		option: object{"stacking": "normal", "xField": "step", "showValue": "never"},
	}
}

// cohortMonths are the ages that fit on a board.
var cohortMonths = []string{"1", "3", "6", "9", "12", "15", "18", "24", "30", "36", "48"}

func (k *kpis) cohortAges(name string) []target {
	var all []target
	for _, age := range cohortMonths {
		all = append(all, target{prom: k.of(name, `age_months="`+age+`"`), over: listed})
	}
	return all
}

func cohortColumns() []override {
	all := []override{{field: "cohort", name: text{"First contract", "契約開始"}, custom: object{"custom.displayMode": "auto", "custom.align": "left", "custom.width": 110}}}
	for i, age := range cohortMonths {
		all = append(all, override{field: "Value #" + string(rune('A'+i)), name: text{age + " mo", age + "か月"}})
	}
	return all
}

func (k *kpis) dueByBand() []target {
	var all []target
	for _, band := range vocabulary["band"] {
		all = append(all, target{prom: sum(k.of("renewals.arr", `band="`+band.value+`"`), "due"), over: listed})
	}
	return all
}

// sorted puts rows in the order of a field.
func sorted(field string) object {
	return object{"id": "sortBy", "options": object{"fields": object{}, "sort": []object{{"field": field, "desc": false}}}}
}

// arranged puts fields in an order, and leaves others out.
func arranged(order []string, out ...string) object {
	all := without(out...)
	index := object{}
	for i, f := range order {
		index[f] = i
	}
	all["options"].(object)["indexByName"] = index
	return all
}

// without leaves fields out.
func without(fields ...string) object {
	names := object{}
	for _, f := range fields {
		names[f] = true
	}
	return object{"id": "organize", "options": object{"excludeByName": names, "indexByName": object{}, "renameByName": object{}}}
}
