import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const MODULE = "construction_sync_base";

/** From anywhere to an entry below Construction ▸ Cost Control. */
export function openCostControl(menu) {
    return [
        stepUtils.showAppsMenuItem(),
        {
            content: "open the Construction app",
            trigger: `.o_app[data-menu-xmlid="${MODULE}.menu_construction_root"]`,
            run: "click",
        },
        {
            content: "open the Cost Control section",
            trigger: `[data-menu-xmlid="${MODULE}.menu_construction_cost_control"]`,
            run: "click",
        },
        {
            content: `open ${menu}`,
            trigger: `.o-dropdown--menu [data-menu-xmlid="${MODULE}.${menu}"]`,
            run: "click",
        },
    ];
}

/** Type into a many2one of the dialog and take what the list offers. */
function choose(field, text) {
    return [
        {
            content: `look for ${text}`,
            trigger: `.modal .o_field_widget[name='${field}'] input`,
            run: `edit ${text}`,
        },
        {
            content: `choose ${text}`,
            trigger: `.o-autocomplete--dropdown-item:contains('${text}')`,
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("construction_contingency_used", {
    steps: () => [
        ...openCostControl("menu_construction_budget"),
        {
            content: "open the job's budget",
            trigger: ".o_data_row:contains('26-100') .o_data_cell",
            run: "click",
        },
        {
            content: "200 of contingency are left",
            trigger: ".o_form_view .o_field_widget[name='contingency_amount']:contains('200.00')",
        },
        {
            content: "use contingency",
            trigger: ".o_form_view .o_statusbar_buttons button[name='action_use_reserve']",
            run: "click",
        },
        {
            content: "the dialog says what is left",
            trigger: ".modal .o_field_widget[name='left_amount']:contains('200.00')",
        },
        ...choose("cost_code_id", "Tour concrete"),
        ...choose("cost_type_id", "Material"),
        {
            content: "how much",
            trigger: ".modal .o_field_widget[name='amount'] input",
            run: "edit 50",
        },
        {
            content: "what for",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Rock in the trench",
        },
        {
            content: "move it",
            trigger: ".modal footer button[name='action_confirm']",
            run: "click",
        },
        {
            content: "the transfer counts",
            trigger:
                ".o_form_view .o_statusbar_status .o_arrow_button_current:contains('Approved')",
        },
        {
            content: "back to the budget",
            trigger: ".o_breadcrumb a:contains(', budget')",
            run: "click",
        },
        {
            content: "150 of contingency are left",
            trigger: ".o_form_view .o_field_widget[name='contingency_amount']:contains('150.00')",
        },
    ],
});
