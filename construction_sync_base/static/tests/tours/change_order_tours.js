import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const MODULE = "construction_sync_base";

/** A side of the open form and the status it shows. */
function side(name, status) {
    return {
        content: `the ${name} side is ${status}`,
        trigger: `.o_change_sides [data-side='${name}'] .o_field_badge:contains('${status}')`,
    };
}

registry.category("web_tour.tours").add("construction_change_order_side_by_side", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open the Construction app",
            trigger: `.o_app[data-menu-xmlid="${MODULE}.menu_construction_root"]`,
            run: "click",
        },
        {
            content: "open Cost Control",
            trigger: `[data-menu-xmlid="${MODULE}.menu_construction_cost_control"]`,
            run: "click",
        },
        {
            content: "open the change orders",
            trigger: `.o-dropdown--menu [data-menu-xmlid="${MODULE}.menu_construction_change_order"]`,
            run: "click",
        },
        {
            content: "approve from the card of the one that was submitted",
            trigger:
                ".o_kanban_group:contains('Submitted') .o_kanban_record:contains('Tour rebar') button[name='action_decide_dialog']",
            run: "click",
        },
        {
            content: "what it does to the commitment is shown before",
            trigger: ".modal .o_change_effect tr[data-side='cost']:contains('1,800.00')",
        },
        {
            content: "and to the margin",
            trigger: ".modal .o_change_effect tr[data-side='margin']:contains('100.00')",
        },
        {
            content: "approve",
            trigger: ".modal footer button[name='action_release']",
            run: "click",
        },
        {
            content: "the dialog is closed, the card stands with the approved ones",
            trigger:
                "body:not(:has(.modal)) .o_kanban_group:contains('Approved') .o_kanban_record:contains('Tour rebar')",
            run: "click",
        },
        side("budget", "Executed"),
        side("cost", "Approved"),
        side("revenue", "Submitted"),
        {
            content: "the subcontractor has signed",
            trigger: ".o_change_sides button[name='action_cost_executed']",
            run: "click",
        },
        {
            content: "that is so",
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        side("cost", "Executed"),
        {
            content: "the owner has signed",
            trigger: ".o_change_sides button[name='action_revenue_executed']",
            run: "click",
        },
        {
            content: "that is so too",
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        side("revenue", "Executed"),
        {
            content: "the whole is executed",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Executed')",
        },
        {
            content: "one click to the commitment",
            trigger: "button[name='action_open_commitments']",
            run: "click",
        },
        {
            content: "it is there",
            trigger: ".o_list_view .o_data_row:contains('1,800.00')",
        },
    ],
});
