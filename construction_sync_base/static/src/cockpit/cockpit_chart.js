/* global Chart */
import { Component, useEffect, useRef } from "@odoo/owl";

/** A chart of Odoo's bundled Chart.js; whoever uses it has loaded the bundle. */
export class CockpitChart extends Component {
    static template = "construction_sync_base.CockpitChart";
    static props = { config: Object, label: String, height: { type: Number, optional: true } };
    static defaultProps = { height: 280 };

    setup() {
        this.canvas = useRef("canvas");
        useEffect(
            (config) => {
                const chart = new Chart(this.canvas.el, config);
                return () => chart.destroy();
            },
            () => [this.props.config]
        );
    }
}
