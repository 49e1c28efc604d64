package demo

import "strconv"

// The customers are invented. Those in Japan have Japanese names, so that nothing between a fact and a board
// gets away with ASCII.
var (
	japaneseStems = []string{
		"青葉台", "北斗野", "瀬戸浦", "白鷺", "東雲坂", "若葉野", "春日原", "立花崎", "鶴見台", "朝霧",
		"桜堤", "高嶺", "千早川", "緑ヶ浜", "月見里", "星ヶ峰", "松風", "水無瀬", "雪見", "柊野",
	}
	japaneseTrades = []string{"製作所", "商事", "物流", "電機", "食品", "建設", "薬品", "精機", "化学工業", "システムズ", "住建", "印刷", "商会"}
	latinStems     = []string{
		"Alderbrook", "Brightmoor", "Cinderhill", "Dovecrest", "Elmstride", "Fernvale", "Greyharbor", "Hollowell", "Ironmead", "Junewick",
		"Kestrelby", "Larkfold", "Mossgate", "Northwend", "Oakhurst", "Pinewater", "Quarrydale", "Ravensley", "Silverthorpe", "Tamarack",
		"Umberfield", "Valewood", "Wrenhaven", "Yarrowby",
	}
	latinTrades = []string{"Logistics", "Foods", "Pharma", "Components", "Building", "Medical", "Energy", "Retail", "Devices", "Systems", "Chemicals", "Finance", "Beverages"}
	industries  = []string{"manufacturing", "wholesale", "logistics", "food", "construction", "pharma", "medical_devices", "energy", "retail", "finance", "telecom", "it_services", "real_estate"}
	legalForm   = map[string]string{"emea": "GmbH", "americas": "Inc.", "apac": "Pte. Ltd."}
	branches    = map[string][]string{
		"japan":    {"関西", "九州", "東北", "中部", "北海道"},
		"emea":     {"Iberia", "Nordics", "France", "UK", "Austria"},
		"americas": {"Canada", "Brazil", "West", "South", "Mexico"},
		"apac":     {"Vietnam", "Thailand", "Australia", "India", "Taiwan"},
	}
	familyNames = []string{
		"Sato", "Suzuki", "Takahashi", "Tanaka", "Ito", "Watanabe", "Yamamoto", "Nakamura", "Kobayashi", "Kato",
		"Yoshida", "Yamada", "Sasaki", "Yamaguchi", "Matsumoto", "Inoue", "Kimura", "Hayashi", "Shimizu", "Mori",
		"Abe", "Ikeda", "Hashimoto", "Ishikawa", "Ogawa", "Okada", "Hasegawa", "Fujita", "Goto", "Murakami",
	}
	givenNames = []string{
		"Yui", "Haruto", "Aoi", "Ren", "Hina", "Minato", "Sakura", "Riku", "Mei", "Kaito",
		"Rin", "Sota", "Akari", "Yuto", "Mio", "Daiki", "Nanami", "Takumi", "Emi", "Kenta",
		"Misaki", "Shota", "Ayaka", "Ryo", "Kana", "Naoki", "Chihiro", "Tsubasa", "Saki",
	}
)

// companyName names the n-th account of its region, beginning anywhere; the numbers of stems and trades have no
// common divisor, so that a name comes back, with a number, only after all combinations.
func companyName(geo string, n, shift int) string {
	stems, trades := latinStems, latinTrades
	if geo == "japan" {
		stems, trades = japaneseStems, japaneseTrades
	}
	cycle := n / (len(stems) * len(trades))
	n += shift
	name := stems[n%len(stems)] + space(geo) + trades[n%len(trades)]
	if cycle > 0 {
		name += space(geo) + strconv.Itoa(cycle+1)
	}
	switch {
	case geo != "japan":
		return name + " " + legalForm[geo]
	case n%2 == 0:
		return "株式会社" + name
	}
	return name + "株式会社"
}

func space(geo string) string {
	if geo == "japan" {
		return ""
	}
	return " "
}

// personName names the n-th person; 30 families and 29 given names share no divisor either.
func personName(n int) string {
	name := familyNames[n%len(familyNames)] + " " + givenNames[n%len(givenNames)]
	if cycle := n / (len(familyNames) * len(givenNames)); cycle > 0 {
		name += " " + strconv.Itoa(cycle+1)
	}
	return name
}
