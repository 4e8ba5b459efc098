"use strict";
// Draws what is in #series with uPlot, which is above (MIT licence, Copyright (c) 2022 Leon Sorokin). It reads numbers alone; no text of the input comes here.
(() => {
	const data = JSON.parse(document.getElementById("series").textContent);
	const root = document.documentElement;
	const colour = name => getComputedStyle(root).getPropertyValue("--" + name).trim();

	// What each chart shows: a member of the data, its name, its colour, its dashes.
	const charts = {
		rates: {unit: "", lines: [["calls", "calls", "calls"], ["matched", "matched", "matched"], ["no_match", "no match", "no_match", [6, 4]], ["failed", "failed", "failed"], ["retried", "retries", "pending", [2, 3]]]},
		latency: {unit: " ms", lines: [["p50", "median", "calls"], ["p90", "p90", "pending"], ["max", "maximum", "failed", [2, 3]]], log: true},
		waited: {unit: " %", lines: [["waited", "waited", "pending"]], most: 100},
	};

	const two = n => String(n).padStart(2, "0");
	const clock = s => {
		if (s == null) return "";
		if (s < 60) return +s.toFixed(2) + " s";
		const whole = Math.floor(s);
		const minutes = Math.floor(whole / 60);
		return minutes < 60 ? minutes + ":" + two(whole % 60) : Math.floor(minutes / 60) + ":" + two(minutes % 60) + ":" + two(whole % 60);
	};
	const short = n => n == null ? "" : Math.abs(n) >= 1e4 ? n / 1e3 + "k" : String(+n.toFixed(3));
	const stepped = uPlot.paths.stepped({align: 1});

	// Of a scale of powers, 1, 2 and 5 of each are enough, and over many only 1.
	const few = (plot, at) => {
		const leading = Math.log10(plot.scales.y.max / plot.scales.y.min) > 2.5 ? [1] : [1, 2, 5];
		return at.map(n => leading.includes(Math.round(n / 10 ** Math.floor(Math.log10(n) + 1e-9))) ? n : null);
	};

	// round is the next 1, 2 or 5 of a power above or below.
	const round = (n, up) => {
		const power = 10 ** Math.floor(Math.log10(n));
		const steps = [1, 2, 5, 10].map(s => s * power);
		return up ? steps.find(s => s >= n) : steps.findLast(s => s <= n);
	};

	let drawn = [];
	const draw = fixed => {
		drawn.forEach(plot => plot.destroy());
		drawn = [];
		for (const place of document.querySelectorAll("[data-chart]")) {
			const chart = charts[place.dataset.chart];
			const axis = {stroke: colour("quiet"), grid: {stroke: colour("line"), width: 1}, ticks: {stroke: colour("line"), width: 1}, font: "12px system-ui, sans-serif"};
			const upright = {...axis, size: 56, values: (_, at) => at.map(short)};
			if (chart.log) Object.assign(upright, {filter: few, grid: {...axis.grid, filter: few}, ticks: {...axis.ticks, filter: few}});
			const options = {
				width: fixed || place.clientWidth, height: 240,
				scales: {x: {time: false}, y: chart.log ? {distr: 3, range: (_, low, high) => [round(low || 1, false), round((high || 10) * 1.01, true)]} : {range: (_, low, high) => [0, chart.most || (high > 0 ? high * 1.1 : 1)]}},
				axes: [{...axis, space: 70, values: (_, at) => at.map(clock)}, upright],
				legend: {markers: {width: 0, fill: (_, i) => options.series[i].stroke}},
				cursor: {drag: {x: true, y: false}},
				series: [{label: "at", value: (_, at) => clock(at)}],
			};
			const columns = [data.seconds];
			for (const [member, label, name, dash] of chart.lines) {
				columns.push(data[member]);
				const stroke = colour(name);
				options.series.push({label, stroke, dash, width: 1.5, paths: stepped, points: {show: false}, value: (_, n) => n == null ? "–" : short(n) + chart.unit});
			}
			drawn.push(new uPlot(options, columns, place));
		}
	};

	draw();
	// A chart that is drawn while the details are closed has no width.
	document.querySelector("details.technical").addEventListener("toggle", e => { if (e.target.open) draw(); });
	let width = innerWidth;
	addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
	// Paper is white and narrower than most screens.
	addEventListener("beforeprint", () => { root.classList.add("printing"); draw(620); });
	addEventListener("afterprint", () => { root.classList.remove("printing"); draw(); });
})();
