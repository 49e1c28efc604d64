package intake

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column/orderedmap"

	"cskpi/exporter/policy"
)

// field is one field of a row as the file has it.
type field struct {
	text string
	kind fieldKind
}

type fieldKind uint8

const (
	fieldAbsent fieldKind = iota // not given, null, or an empty CSV field
	fieldText
	fieldNumber  // JSON number
	fieldBoolean // JSON true or false
	fieldNested  // JSON object or array, as compact text
)

// value is a checked field. Numbers of all kinds are in n: a Bool is 0 or 1, a Date the days and an instant the
// milliseconds since 1970, a Decimal its digits without the point, an unsigned integer its bits.
type value struct {
	s    string
	n    int64
	f    float64
	null bool
}

// parse checks a field against its column. The reason is empty if the value is good; else it completes the sentence
// "<column> <reason>".
func (c *column) parse(f field, zone *time.Location) (value, string) {
	if f.kind == fieldAbsent || f.kind == fieldText && f.text == "" && c.kind != kindString && c.kind != kindJSON && c.kind != kindMap && c.kind != kindEnum {
		if c.required {
			return value{}, "is missing"
		}
		return c.fallback, ""
	}
	if f.kind == fieldNested && c.kind != kindJSON && c.kind != kindMap {
		return value{}, "is a JSON object or array, not a single value"
	}
	switch c.kind {
	case kindString, kindEnum:
		if f.kind == fieldBoolean {
			return value{}, "is true or false, not text"
		}
		if reason := c.checkText(f.text); reason != "" {
			return value{}, reason
		}
		if c.kind == kindEnum {
			n, ok := c.word(f.text)
			if !ok {
				return value{}, "is not one of " + strings.Join(c.enumNames, ", ")
			}
			return value{n: int64(n)}, ""
		}
		text := c.spelling.spell(f.text)
		switch {
		case c.required && strings.TrimSpace(text) == "":
			return value{}, "is missing"
		case c.spelling == ofCurrency && text != "" && !policy.IsCurrency(text):
			return value{}, policy.NoCurrency
		}
		return value{s: text}, ""
	case kindJSON:
		v, reason := parseObject(f)
		if reason == "" {
			reason = c.checkLength(v.s)
		}
		return v, reason
	case kindMap:
		v, reason := parseMap(f)
		if reason == "" {
			reason = c.checkLength(v.s)
		}
		return v, reason
	case kindBool:
		return parseBool(f.text)
	case kindDate:
		if f.kind != fieldText {
			return value{}, "is not a date; write it as \"YYYY-MM-DD\""
		}
		return parseDate(strings.TrimSpace(f.text))
	case kindTime:
		if f.kind == fieldNumber {
			return parseEpoch(f.text)
		}
		return parseInstant(strings.TrimSpace(f.text), zone)
	}
	if f.kind == fieldBoolean {
		return value{}, "is true or false, not a number"
	}
	text := strings.TrimSpace(f.text)
	switch c.kind {
	case kindDecimal:
		n, reason := parseDecimal(text, c.precision, c.scale)
		return value{n: n}, reason
	case kindInt:
		n, reason := parseDecimal(text, 18, 0)
		if limit := int64(1) << (c.bits - 1); reason == "" && c.bits < 64 && (n < -limit || n >= limit) {
			reason = fmt.Sprintf("is out of range; it must be %d to %d", -limit, limit-1)
		}
		return value{n: n}, reason
	case kindUint:
		n, reason := parseDecimal(text, 18, 0)
		if reason == "" && (n < 0 || c.bits < 64 && n >= int64(1)<<c.bits) {
			reason = "is out of range; it must be 0 to " + strconv.FormatUint(math.MaxUint64>>(64-c.bits), 10)
		}
		return value{n: n}, reason
	default:
		return parseFloat(text)
	}
}

func (c *column) checkText(s string) string {
	if reason := c.checkLength(s); reason != "" {
		return reason
	}
	return checkText(s)
}

func (c *column) checkLength(s string) string {
	if c.longest > 0 && len(s) > c.longest {
		return fmt.Sprintf("is longer than %d bytes: it has %d", c.longest, len(s))
	}
	return ""
}

func checkText(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		return "contains a NUL character"
	}
	if !utf8.ValidString(s) {
		return "is not valid UTF-8; convert the file, or name its encoding"
	}
	return ""
}

// parseObject takes a JSON object, nested or as text, and makes it compact, so that the same properties have the same
// text whichever way they came.
func parseObject(f field) (value, string) {
	text := strings.TrimSpace(f.text)
	if text == "" {
		return value{}, ""
	}
	if text[0] != '{' || f.kind != fieldText && f.kind != fieldNested {
		return value{}, "is not a JSON object"
	}
	if reason := checkText(text); reason != "" {
		return value{}, reason
	}
	end, spaces, reason := scanValue(text, 0, 0)
	if reason == "" && end != len(text) {
		reason = "has text behind the JSON object"
	}
	if reason != "" {
		return value{}, "is not a JSON object: " + reason
	}
	if spaces {
		text = compact(text)
	}
	return value{s: text}, ""
}

// parseMap takes a JSON object of texts, numbers, and true or false, nested or as text. It becomes a JSON object of texts in the order of their names;
// names without a value are left out.
func parseMap(f field) (value, string) {
	v, reason := parseObject(f)
	if reason != "" || v.s == "" {
		return v, reason
	}
	given := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(v.s), &given); err != nil {
		return value{}, "is not a JSON object: " + err.Error()
	}
	texts := map[string]string{}
	for name, raw := range given {
		if reason := checkText(name); reason != "" {
			return value{}, "has a name that " + reason
		}
		if len(name) > longestName {
			return value{}, fmt.Sprintf("has a name of more than %d bytes", longestName)
		}
		var text string
		switch raw[0] {
		case '{', '[':
			return value{}, fmt.Sprintf("has an object or array under %q, not a single value", name)
		case 'n': // null
			continue
		case '"':
			if err := json.Unmarshal(raw, &text); err != nil {
				return value{}, "is not a JSON object: " + err.Error()
			}
			if reason := checkText(text); reason != "" {
				return value{}, fmt.Sprintf("has a text under %q that %s", name, reason)
			}
		default:
			text = string(raw)
		}
		if text != "" {
			texts[name] = text
		}
	}
	if len(texts) == 0 {
		return value{}, ""
	}
	b, err := json.Marshal(texts)
	if err != nil {
		return value{}, "is not a JSON object: " + err.Error()
	}
	return value{s: string(b)}, ""
}

// textsOf are the texts of a value of parseMap, in the order of their names: maps that differ in it are not the same for the database.
func textsOf(s string) *orderedmap.Map[string, string] {
	texts := map[string]string{}
	if s != "" {
		_ = json.Unmarshal([]byte(s), &texts) // it was made by Marshal
	}
	return orderedmap.FromMap(texts)
}

func parseBool(s string) (value, string) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "t", "yes", "y", "1":
		return value{n: 1}, ""
	case "false", "f", "no", "n", "0":
		return value{n: 0}, ""
	}
	return value{}, "is neither true nor false"
}

const (
	dayMillis = 24 * 60 * 60 * 1000
	maxDate   = math.MaxUint16 // 2149-06-06
)

var (
	minInstant = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxInstant = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - 1
)

func parseDate(s string) (value, string) {
	c, rest, ok := scanDate(s)
	if !ok {
		return value{}, "is not a date; write it as YYYY-MM-DD"
	}
	if rest != "" {
		t, ok := scanClock(rest)
		if !ok {
			return value{}, "is not a date; write it as YYYY-MM-DD"
		}
		if t.hour != 0 || t.minute != 0 || t.second != 0 || t.nanos != 0 {
			return value{}, "is a time within a day, not a date"
		}
	}
	days, ok := c.days()
	if !ok {
		return value{}, "is a day that no calendar has"
	}
	if days < 0 || days > maxDate {
		return value{}, "is out of range; a date is 1970-01-01 to 2149-06-06"
	}
	return value{n: days}, ""
}

func parseInstant(s string, zone *time.Location) (value, string) {
	const malformed = "is not a time; write it as YYYY-MM-DDThh:mm:ss with Z or an offset"
	c, rest, ok := scanDate(s)
	if !ok {
		return value{}, malformed
	}
	days, ok := c.days()
	if !ok {
		return value{}, "is a day that no calendar has"
	}
	var t clock
	if rest != "" {
		if t, ok = scanClock(rest); !ok {
			return value{}, malformed
		}
	}
	var ms int64
	if t.zoned || zone == time.UTC {
		ms = days*dayMillis + int64(t.hour*3600+t.minute*60+t.second-t.offset)*1000 + int64(t.nanos/1e6)
	} else {
		ms = time.Date(c.year, time.Month(c.month), c.day, t.hour, t.minute, t.second, t.nanos, zone).UnixMilli()
	}
	if ms < minInstant || ms > maxInstant {
		return value{}, "is out of range; a time is 1900 to 2299"
	}
	return value{n: ms}, ""
}

// parseEpoch takes whole seconds or milliseconds since 1970; from 1e11 on (the year 5138 in seconds, 1973 in
// milliseconds) a number can only be milliseconds.
func parseEpoch(s string) (value, string) {
	n, reason := parseDecimal(s, 18, 0)
	if reason != "" {
		return value{}, "is neither whole seconds nor whole milliseconds since 1970"
	}
	if n > -1e11 && n < 1e11 {
		n *= 1000
	}
	if n < minInstant || n > maxInstant {
		return value{}, "is out of range; a time is 1900 to 2299"
	}
	return value{n: n}, ""
}

type date struct{ year, month, day int }

type clock struct {
	hour, minute, second, nanos int
	offset                      int // seconds east of UTC
	zoned                       bool
}

func scanDate(s string) (date, string, bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return date{}, "", false
	}
	y1, ok1 := twoDigits(s)
	y2, ok2 := twoDigits(s[2:])
	m, ok3 := twoDigits(s[5:])
	d, ok4 := twoDigits(s[8:])
	return date{y1*100 + y2, m, d}, s[10:], ok1 && ok2 && ok3 && ok4
}

func twoDigits(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

var monthDays = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// days counts from 1970-01-01; false: there is no such day.
func (c date) days() (int64, bool) {
	if c.month < 1 || c.month > 12 || c.day < 1 || c.day > monthDays[c.month] {
		return 0, false
	}
	if c.month == 2 && c.day == 29 && (c.year%4 != 0 || c.year%100 == 0 && c.year%400 != 0) {
		return 0, false
	}
	// Years run from March here, so that the leap day is the last one.
	y, m := c.year, c.month
	if m <= 2 {
		y--
		m += 12
	}
	y += 400 // keep the divisions below positive
	return int64(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + c.day - 1 - 719468 - 146097), true
}

// scanClock reads "[T ]hh:mm[:ss[.fff]][ ][Z|±hh[[:]mm]]".
func scanClock(s string) (clock, bool) {
	var t clock
	var ok bool
	if len(s) < 6 || s[0] != 'T' && s[0] != ' ' && s[0] != 't' || s[3] != ':' {
		return t, false
	}
	if t.hour, ok = twoDigits(s[1:]); !ok || t.hour > 23 {
		return t, false
	}
	if t.minute, ok = twoDigits(s[4:]); !ok || t.minute > 59 {
		return t, false
	}
	s = s[6:]
	if len(s) >= 3 && s[0] == ':' {
		if t.second, ok = twoDigits(s[1:]); !ok || t.second > 59 {
			return t, false
		}
		s = s[3:]
		if len(s) >= 2 && (s[0] == '.' || s[0] == ',') {
			i, unit := 1, int(1e8)
			for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
				t.nanos += int(s[i]-'0') * unit
				unit /= 10
			}
			if i == 1 {
				return t, false
			}
			s = s[i:]
		}
	}
	s = strings.TrimPrefix(s, " ")
	if s == "" {
		return t, true
	}
	t.zoned = true
	if s == "Z" || s == "z" || s == "UTC" {
		return t, true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return t, false
	}
	hours, ok := twoDigits(s[1:])
	if !ok || hours > 14 {
		return t, false
	}
	minutes := 0
	if rest := strings.TrimPrefix(s[3:], ":"); rest != "" {
		if len(rest) != 2 {
			return t, false
		}
		if minutes, ok = twoDigits(rest); !ok || minutes > 59 {
			return t, false
		}
	} else if len(s) != 3 {
		return t, false
	}
	t.offset = hours*3600 + minutes*60
	if s[0] == '-' {
		t.offset = -t.offset
	}
	return t, true
}

// parseDecimal reads a number exactly and returns its digits at the given scale. Digits that do not fit are refused,
// never rounded: money that changes on its way in is worse than a rejected row.
func parseDecimal(s string, precision, scale int) (int64, string) {
	const malformed = "is not a number"
	i, negative := 0, false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		negative = s[i] == '-'
		i++
	}
	var n int64 // the significant digits
	digits, seen := 0, false
	fraction, point := 0, false
	zeros := 0 // zeros seen behind n, not yet multiplied in
loop:
	for ; i < len(s); i++ {
		switch b := s[i]; {
		case b >= '0' && b <= '9':
			seen = true
			if point {
				fraction++
			}
			if b == '0' {
				if digits > 0 {
					zeros++
				}
				continue
			}
			if digits+zeros+1 > 18 {
				if point {
					return 0, tooLong(precision, scale)
				}
				return 0, tooBig(precision, scale)
			}
			for ; zeros > 0; zeros-- {
				n *= 10
				digits++
			}
			n = n*10 + int64(b-'0')
			digits++
		case b == '.' && !point:
			point = true
		case b == ',' || b == '\'' || b == '_' || b == ' ':
			return 0, "is not a number; write it without thousands separators and with a decimal point"
		case (b == 'e' || b == 'E') && seen:
			break loop
		default:
			return 0, malformed
		}
	}
	if !seen {
		return 0, malformed
	}
	exponent := 0
	if i < len(s) {
		text := s[i+1:]
		if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
			text = text[1:]
		}
		e, err := strconv.ParseUint(text, 10, 16)
		if err != nil || e > 1000 {
			return 0, malformed
		}
		if exponent = int(e); s[i+1] == '-' {
			exponent = -exponent
		}
	}
	if n == 0 {
		return 0, ""
	}
	shift := exponent - fraction + zeros + scale
	if shift < 0 {
		return 0, tooLong(precision, scale)
	}
	if digits+shift > precision {
		return 0, tooBig(precision, scale)
	}
	for range shift {
		n *= 10
	}
	if negative {
		n = -n
	}
	return n, ""
}

func tooLong(precision, scale int) string {
	if scale == 0 {
		return "is not a whole number"
	}
	return fmt.Sprintf("has more than %d decimal places", scale)
}

func tooBig(precision, scale int) string {
	return fmt.Sprintf("is too large; at most %d digits before the decimal point", precision-scale)
}

func parseFloat(s string) (value, string) {
	// ParseFloat also takes hexadecimal, infinity and NaN; none of them is a fact.
	for i := range len(s) {
		if b := s[i]; (b < '0' || b > '9') && !strings.ContainsRune("+-.eE", rune(b)) {
			return value{}, "is not a number; write it without thousands separators and with a decimal point"
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		if math.IsInf(f, 0) {
			return value{}, "is too large"
		}
		return value{}, "is not a number"
	}
	return value{f: f}, ""
}
