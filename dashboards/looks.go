package dashboards

// look is a type of Grafana's panels.
type look string

const (
	tile      look = "stat"
	trend     look = "timeseries"
	bars      look = "barchart"
	ranking   look = "bargauge"
	table     look = "table"
	density   look = "heatmap"
	prose     look = "text"
	statusRow look = "state-timeline"
)

// custom are the defaults of the fields of a look.
func (l look) custom() object {
	switch l {
	case trend:
		return object{
			"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 2, "fillOpacity": 0, "gradientMode": "none",
			"showPoints": "never", "pointSize": 4, "spanNulls": 3 * 24 * 3600 * 1000, "axisPlacement": "auto", "axisLabel": "", "axisGridShow": true,
			"stacking": object{"mode": "none", "group": "A"}, "lineStyle": object{"fill": "solid"},
			"scaleDistribution": object{"type": "linear"}, "thresholdsStyle": object{"mode": "off"},
			"hideFrom": object{"legend": false, "tooltip": false, "viz": false},
		}
	case bars:
		return object{
			"lineWidth": 0, "fillOpacity": 90, "gradientMode": "none", "axisPlacement": "auto", "axisLabel": "", "axisGridShow": true,
			"scaleDistribution": object{"type": "linear"}, "thresholdsStyle": object{"mode": "off"},
			"hideFrom": object{"legend": false, "tooltip": false, "viz": false},
		}
	case table:
		return object{"align": "auto", "displayMode": "auto", "inspect": false, "minWidth": 50, "wrapText": true}
	case density:
		return object{"scaleDistribution": object{"type": "linear"}, "hideFrom": object{"legend": false, "tooltip": false, "viz": false}}
	case statusRow:
		return object{"lineWidth": 0, "fillOpacity": 80}
	}
	return object{}
}

// options are the defaults of a look's options.
func (l look) options() object {
	last := object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
	switch l {
	case tile:
		return object{
			"reduceOptions": last, "orientation": "vertical", "textMode": "value_and_name", "colorMode": "value", "graphMode": "none", "justifyMode": "center",
			"text": object{"titleSize": 12, "valueSize": 24},
		}
	case trend:
		return object{
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{"lastNotNull"}},
			"tooltip": object{"mode": "multi", "sort": "none"},
		}
	case bars:
		return object{
			"orientation": "auto", "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "showValue": "auto", "stacking": "none", "groupWidth": 0.75,
			"barWidth": 0.9, "barRadius": 0, "fullHighlight": false, "tooltip": object{"mode": "multi", "sort": "none"},
			"legend": object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
		}
	case ranking:
		return object{
			"reduceOptions": last, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": true, "minVizWidth": 0, "minVizHeight": 10,
			"valueMode": "text", "text": object{"titleSize": 12, "valueSize": 15},
		}
	case table:
		return object{"showHeader": true, "footer": object{"show": false, "reducer": []string{"sum"}, "countRows": false, "fields": ""}, "sortBy": []object{}}
	case density:
		return object{
			"calculate": false, "cellGap": 1, "cellValues": object{}, "showValue": "never",
			"color":  object{"mode": "scheme", "scheme": "Blues", "fill": blue, "scale": "exponential", "exponent": 0.5, "steps": 64, "reverse": false},
			"yAxis":  object{"axisPlacement": "left", "reverse": false, "unit": "none"},
			"legend": object{"show": true}, "tooltip": object{"show": true, "yHistogram": false}, "rowsFrame": object{"layout": "auto"},
			"filterValues": object{"le": 1e-9}, "exemplars": object{"color": purple},
		}
	}
	return object{}
}

// stacked are the shares of a whole over time.
func stacked(mode string) object {
	return object{"stacking": object{"mode": mode, "group": "A"}, "fillOpacity": 75, "lineWidth": 0, "axisSoftMin": 0}
}

// plainLegend names series and tells no numbers of them.
var plainLegend = object{"legend": object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}}}
