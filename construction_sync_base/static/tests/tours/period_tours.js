import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const MODULE = "construction_sync_base";

/** From anywhere to an entry below Construction ▸ Cost Control. */
function openCostControl(menu) {
    return [
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
            content: `open ${menu}`,
            trigger: `.o-dropdown--menu [data-menu-xmlid="${MODULE}.${menu}"]`,
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("construction_cost_transferred", {
    steps: () => [
        ...openCostControl("menu_construction_job_ledger"),
        {
            content: "the job's cost is the ledger's; look at its items",
            trigger:
                ".o_data_row:contains('Transfer tour') button[name='action_open_items']",
            run: "click",
        },
        {
            content: "this item is wrong",
            trigger:
                ".o_data_row:contains('Wrongly coded') .o_list_record_selector input",
            run: "click",
        },
        {
            content: "what can be done with it",
            trigger: ".o_cp_action_menus .dropdown-toggle:contains('Actions')",
            run: "click",
        },
        {
            content: "transfer its cost",
            trigger: ".o-dropdown--menu .dropdown-item:contains('Transfer cost')",
            run: "click",
        },
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Belongs to the steel",
        },
        {
            content: "where it belongs",
            trigger: ".modal .o_data_row td[name='to_cost_code_id']",
            run: "click",
        },
        {
            content: "the code",
            trigger: ".modal .o_field_widget[name='to_cost_code_id'] input",
            run: "edit TR-900",
        },
        {
            content: "choose it",
            trigger: ".o-autocomplete--dropdown-item:contains('TR-900')",
            run: "click",
        },
        {
            content: "submit",
            trigger: ".modal footer button[name='action_submit']",
            run: "click",
        },
        {
            content: "the dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
    ],
});

registry.category("web_tour.tours").add("construction_month_closed", {
    steps: () => [
        ...openCostControl("menu_construction_period_check"),
        {
            content: "an accrual is not released yet; look at it",
            trigger:
                ".o_data_row:contains('Accruals not released') button[name='action_open_documents']",
            run: "click",
        },
        {
            content: "this one",
            trigger: ".o_data_row:contains('Cranes of May') td[name='reason']",
            run: "click",
        },
        {
            content: "release it",
            trigger: ".o_form_statusbar button[name='action_release']",
            run: "click",
        },
        {
            content: "it is posted",
            trigger: ".o_form_view:not(:has(button[name='action_release']))",
        },
        ...openCostControl("menu_construction_period_check"),
        {
            content: "nothing waits any more",
            trigger:
                ".o_list_view:has(.o_data_row:contains('Job cost not locked')):not(:has(.o_data_row:contains('Accruals not released')))",
        },
        {
            content: "what is left is to lock it",
            trigger:
                ".o_data_row:contains('Job cost not locked') button[name='action_open_documents']",
            run: "click",
        },
        {
            content: "the month",
            trigger: ".o_data_row:contains('May 1999') td[name='display_name']",
            run: "click",
        },
        {
            content: "with its checklist",
            trigger: ".o_field_widget[name='check_ids'] .o_data_row:contains('Rent')",
        },
        ...["Soft lock", "Start the review", "Book accruals", "Lock"].flatMap(
            (label) => [
                {
                    content: label,
                    trigger: `.o_form_statusbar button[name='action_advance']:contains('${label}')`,
                    run: "click",
                },
            ]
        ),
        {
            content: "yes, nobody any more",
            trigger: ".modal .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "it is locked",
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('Locked')",
        },
    ],
});
