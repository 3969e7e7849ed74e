import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";

const scheme = () => cookie.get("color_scheme");
/** Of each series, on a light and on a dark page; the parts of the cost are one hue. */
const COLORS = {
    budget: ["#714b67", "#b58aa8"],
    committed: ["#8a8d93", "#9aa0a8"],
    actual: ["#1f6f8b", "#4aa3c2"],
    open: ["#6fb1c9", "#2f7d98"],
    to_complete: ["#c3e0ea", "#1d4c5c"],
    earned: ["#2e8b57", "#5cc98a"],
};
const color = (name) => getCustomColor(scheme(), ...COLORS[name]);

/** 1,250,000 as 1.3M: what an axis has room for. */
export function short(amount) {
    const size = Math.abs(amount);
    for (const [unit, letter] of [
        [1e9, "B"],
        [1e6, "M"],
        [1e3, "k"],
    ]) {
        if (size >= unit) {
            return `${(amount / unit).toFixed(size >= 10 * unit ? 0 : 1)}${letter}`;
        }
    }
    return `${Math.round(amount)}`;
}

function options(money, more = {}) {
    const text = getCustomColor(scheme(), "#374151", "#E4E4E4");
    const grid = getCustomColor(scheme(), "#e5e7eb", "#3C3E4B");
    return {
        maintainAspectRatio: false,
        animation: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
            legend: { position: "bottom", labels: { color: text, boxWidth: 12 } },
            tooltip: {
                callbacks: {
                    label: (item) => `${item.dataset.label}: ${money(item.raw)}`,
                },
            },
        },
        scales: {
            x: { grid: { display: false }, ticks: { color: text, maxRotation: 45 } },
            y: {
                beginAtZero: true,
                grid: { color: grid },
                ticks: { color: text, callback: (value) => short(value) },
            },
        },
        ...more,
    };
}

/**
 * Budget beside what is spent, open and still to come, by code division.
 *
 * Actual, open and to complete are stacked: their top is the cost at completion, to be read
 * against the budget's bar.
 *
 * @param {Object[]} rows divisions of `action_read_job`
 * @param {Function} open called with the division that was clicked
 * @param {Function} money formats an amount
 */
export function divisionConfig(rows, open, money) {
    const set = (label, name, stack) => ({
        label,
        data: rows.map((row) => row[name]),
        backgroundColor: color(name),
        stack,
    });
    return {
        type: "bar",
        data: {
            labels: rows.map((row) => row.code || _t("no code")),
            datasets: [
                set(_t("Budget"), "budget", "budget"),
                set(_t("Committed"), "committed", "committed"),
                set(_t("Actual"), "actual", "cost"),
                set(_t("Open"), "open", "cost"),
                set(_t("To complete"), "to_complete", "cost"),
            ],
        },
        options: options(money, {
            onClick: (_event, found) => found.length && open(rows[found[0].index]),
            onHover: (event, found) => {
                event.native.target.style.cursor = found.length ? "pointer" : "default";
            },
        }),
    };
}

/**
 * Planned, earned and actual cost over time, cumulative.
 *
 * @param {Object} curve of `action_read_job`; a series without data is not drawn
 * @param {Function} money formats an amount
 */
export function curveConfig(curve, money) {
    const set = (label, name, shade, more = {}) => ({
        label,
        data: curve[name],
        borderColor: color(shade),
        backgroundColor: color(shade),
        borderWidth: 2,
        pointRadius: curve.months.length > 24 ? 0 : 2,
        tension: 0,
        ...more,
    });
    const sets = [
        set(_t("Planned value"), "planned", "budget", { borderDash: [6, 4] }),
        set(_t("Earned value"), "earned", "earned"),
        set(_t("Actual cost"), "actual", "actual"),
    ];
    return {
        type: "line",
        data: { labels: curve.months, datasets: sets.filter((one) => one.data.length) },
        options: options(money),
    };
}
