import { registry } from "@web/core/registry";

import { openCostControl } from "./budget_tours";

const COCKPIT = ".o_construction_cockpit";

registry.category("web_tour.tours").add("construction_cockpit", {
    steps: () => [
        ...openCostControl("menu_construction_job_cockpit"),
        {
            content: "look for the job",
            trigger: `${COCKPIT} .o_cockpit_job input`,
            run: "edit 26-COCKPIT",
        },
        {
            content: "choose it",
            trigger: ".o-autocomplete--dropdown-item:contains('26-COCKPIT')",
            run: "click",
        },
        {
            content: "its budget and what is committed",
            trigger: `${COCKPIT}:has([data-name=budget]:contains('10,000')) [data-name=committed]:contains('4,000')`,
        },
        {
            content: "both charts are drawn",
            trigger: `${COCKPIT} canvas[aria-label^='Planned value']`,
        },
        {
            content: "what is missing is said with its amount",
            trigger: `${COCKPIT} .o_cockpit_missing button:contains('Bills that are not posted'):contains('1,500')`,
        },
        {
            content: "what waits for me",
            trigger: `${COCKPIT} .o_cockpit_mine button:contains('Call the vendor')`,
        },
        {
            content: "open the division",
            trigger: `${COCKPIT} .o_cockpit_divisions tr:contains('09') td`,
            run: "click",
        },
        {
            content: "open the lines of the commitment",
            trigger: ".o_list_view .o_data_row:contains('4,000.00') .o_data_cell",
            run: "click",
        },
        {
            content: "open the order",
            trigger: ".o_list_view .o_data_row:contains('Tile work') .o_data_cell",
            run: "click",
        },
        {
            content: "on its card: what is open",
            trigger: ".o_form_view .nav-link[name='commitment']",
            run: "click",
        },
        {
            content: "4,000 agreed, nothing posted yet",
            trigger: ".o_form_view .o_field_widget[name='open_amount']:contains('4,000.00')",
        },
    ],
});
