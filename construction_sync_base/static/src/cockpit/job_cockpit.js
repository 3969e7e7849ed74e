import { Component, onWillStart, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { CockpitChart } from "./cockpit_chart";
import { curveConfig, divisionConfig } from "./cockpit_config";

const MODEL = "construction.job.cockpit";
/** Where a click on a tile leads: a domain of the cost report of the job. */
const TILE_DOMAINS = {
    pending: [["pending", "!=", 0]],
    exposure: [["exposure", "!=", 0]],
    contingency: [["contingency", "!=", 0]],
};
const BAD_WHEN_NEGATIVE = ["variance", "cost_variance", "schedule_variance"];

/** One job on one screen: figures, cost over time, what is missing and what waits for me. */
export class JobCockpit extends Component {
    static template = "construction_sync_base.JobCockpit";
    static components = { CockpitChart, Layout, RecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ data: null, jobId: false });
        onWillStart(async () => {
            await loadBundle("web.chartjs_lib");
            await this.load(await this.firstJob());
        });
    }

    async firstJob() {
        const asked = this.props.action.context?.active_id;
        return asked || this.orm.call(MODEL, "action_first_job", []);
    }

    async load(jobId) {
        this.state.jobId = jobId;
        this.state.data = jobId ? await this.orm.call(MODEL, "action_read_job", [jobId]) : null;
        this.props.updateActionState?.({ active_id: jobId });
        this.env.config?.setDisplayName?.(this.title);
    }

    get title() {
        return this.data ? _t("Cockpit: %s", this.data.job.name) : _t("Job Cockpit");
    }

    get data() {
        return this.state.data;
    }

    get jobDomain() {
        return [["is_job", "=", true]];
    }

    // ---------------------------------------------------------------- texts
    money(amount) {
        return formatMonetary(amount, { currencyId: this.data.job.currency_id, digits: [16, 0] });
    }

    moneyOrNothing(amount) {
        return amount === null ? _t("not known") : this.money(amount);
    }

    ratio(value) {
        return value === null ? _t("not known") : value.toFixed(3);
    }

    get asOf() {
        return formatDateTime(deserializeDateTime(this.data.as_of), { showSeconds: false });
    }

    isBad(name, amount) {
        return BAD_WHEN_NEGATIVE.includes(name) && amount < 0;
    }

    /** Estimates at completion: what each of them supposes. */
    get estimates() {
        const { earned } = this.data;
        return [
            {
                label: _t("as it went so far (budget ÷ CPI)"),
                amount: earned.at_completion_by_cpi,
            },
            { label: _t("the rest as planned"), amount: earned.at_completion_by_budget },
            { label: _t("as cost and schedule went"), amount: earned.at_completion_by_both },
        ];
    }

    // --------------------------------------------------------------- charts
    get divisionChart() {
        return divisionConfig(
            this.data.divisions,
            (row) => this.openDivision(row),
            this.money.bind(this)
        );
    }

    get curveChart() {
        return curveConfig(this.data.curve, this.money.bind(this));
    }

    // --------------------------------------------------------------- clicks
    openTile(tile) {
        return this.openCost(tile.label, TILE_DOMAINS[tile.name] || []);
    }

    openDivision(row) {
        return this.openCost(row.name || _t("Without a code"), [["division_id", "=", row.id]]);
    }

    /** The cost report of this job; its lines lead to the documents. */
    openCost(label, domain) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: `${this.data.job.name}: ${label}`,
            res_model: "construction.job.cost",
            views: [
                [false, "list"],
                [false, "pivot"],
            ],
            domain: [["job_id", "=", this.state.jobId], ...domain],
        });
    }

    open(row) {
        if (row.action) {
            return this.action.doAction(row.action);
        }
    }

    async export() {
        const action = await this.orm.call("construction.job.cost.export", "action_of_job", [
            this.state.jobId,
        ]);
        return this.action.doAction(action);
    }
}

registry.category("actions").add("construction_sync_base.job_cockpit", JobCockpit);
