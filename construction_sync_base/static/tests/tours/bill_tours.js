import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const MODULE = "construction_sync_base";

function openBills() {
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
            content: "open the bills",
            trigger: `.o-dropdown--menu [data-menu-xmlid="${MODULE}.menu_construction_bill"]`,
            run: "click",
        },
    ];
}

function openMatch() {
    return [
        {
            content: "open the match",
            trigger: ".o_notebook .nav-link:contains('Match and Retention')",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("construction_bill_matched", {
    steps: () => [
        ...openBills(),
        {
            content: "the bill within its tolerance waits for Finance",
            trigger: ".o_data_row:contains('TOUR-IN'):contains('release by')",
        },
        {
            content: "the other one says why it goes no further",
            trigger: ".o_data_row:contains('TOUR-OVER'):contains('Returned')",
        },
        {
            content: "open the one that matches",
            trigger: ".o_data_row:contains('TOUR-IN') td[name='ref']",
            run: "click",
        },
        ...openMatch(),
        {
            content: "the arithmetic of its line",
            trigger:
                ".o_field_widget[name='match_line_ids'] .o_data_row:contains('10,000.00'):contains('9,000.00'):contains('1,150.00'):contains('150.00')",
        },
        {
            content: "what the release does is shown before it",
            trigger: "div[name='construction_waits']:contains('To be paid')",
        },
        {
            content: "release it",
            trigger: "button[name='action_release']",
            run: "click",
        },
        {
            content: "it is posted",
            trigger: ".o_arrow_button_current:contains('Posted')",
        },
    ],
});

registry.category("web_tour.tours").add("construction_bill_over", {
    steps: () => [
        ...openBills(),
        {
            content: "open the one that exceeds its order",
            trigger: ".o_data_row:contains('TOUR-OVER') td[name='ref']",
            run: "click",
        },
        {
            content: "it was returned with the arithmetic",
            trigger: "div[name='construction_returned']:contains('over by')",
        },
        ...openMatch(),
        {
            content: "Finance says why it is right all the same",
            trigger: ".o_field_widget[name='match_reason'] input",
            run: "edit Agreed with the site",
        },
        {
            content: "confirm it again",
            trigger: "button[name='action_post']:not(.d-none):contains('Confirm')",
            run: "click",
        },
        {
            content: "now it waits for another person",
            trigger: "div[name='construction_waits']:contains('Waits for')",
        },
    ],
});
