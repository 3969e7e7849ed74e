import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const MODULE = "construction_sync_base";

/** From anywhere to an entry below Construction ▸ Integration. */
export function openIntegration(menu) {
    return [
        stepUtils.showAppsMenuItem(),
        {
            content: "open the Construction app",
            trigger: `.o_app[data-menu-xmlid="${MODULE}.menu_construction_root"]`,
            run: "click",
        },
        {
            content: "open the Integration section",
            trigger: `[data-menu-xmlid="${MODULE}.menu_construction_integration"]`,
            run: "click",
        },
        {
            content: `open ${menu}`,
            trigger: `.o-dropdown--menu [data-menu-xmlid="${MODULE}.${menu}"]`,
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("construction_issue_mapped", {
    steps: () => [
        ...openIntegration("menu_construction_issue"),
        {
            content: "map what the platform calls ZZ-99",
            trigger:
                ".o_kanban_record:contains('ZZ-99') button[name='action_map_dialog']",
            run: "click",
        },
        {
            content: "it is site fencing",
            trigger: ".modal .o_field_widget[name='cost_code_id'] input",
            run: "edit Tour fencing",
        },
        {
            content: "choose it from the list",
            trigger: ".o-autocomplete--dropdown-item:contains('Tour fencing')",
            run: "click",
        },
        {
            content: "map and resume",
            trigger: ".modal footer button[name='action_map']",
            run: "click",
        },
        {
            content: "told that the event goes on",
            trigger: ".o_notification:contains('Mapped')",
        },
        {
            content: "the dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
    ],
});

registry.category("web_tour.tours").add("construction_overrun_approved", {
    steps: () => [
        ...openIntegration("menu_construction_issue"),
        {
            content: "approve the commitment that exceeds its budget",
            trigger:
                ".o_kanban_record:contains('Over budget') button[name='action_approve_overrun_dialog']",
            run: "click",
        },
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Owner agreed by phone",
        },
        {
            content: "confirm",
            trigger: ".modal footer button[name='action_confirm']",
            run: "click",
        },
        {
            content: "the dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "nothing exceeds its budget any more",
            trigger: "body:not(:has(.o_kanban_record:contains('Over budget')))",
        },
    ],
});

registry.category("web_tour.tours").add("construction_event_replayed", {
    steps: () => [
        ...openIntegration("menu_construction_event"),
        {
            content: "open the dead event",
            trigger: ".o_data_row:contains('job/TOUR2') .o_data_cell",
            run: "click",
        },
        {
            content: "it is dead",
            trigger:
                ".o_form_view .o_statusbar_status .o_arrow_button_current:contains('Given up')",
        },
        {
            content: "replay it",
            trigger: ".o_form_view button[name='action_replay_dialog']",
            run: "click",
        },
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit The job was opened",
        },
        {
            content: "confirm",
            trigger: ".modal button[name='action_confirm']:contains('Replay')",
            run: "click",
        },
        {
            content: "it waits for its turn",
            trigger:
                ".o_form_view .o_statusbar_status .o_arrow_button_current:contains('Waiting its turn')",
        },
    ],
});

registry.category("web_tour.tours").add("construction_approved_by_deputy", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open the Construction app",
            trigger: `.o_app[data-menu-xmlid="${MODULE}.menu_construction_root"]`,
            run: "click",
        },
        {
            content: "open the Approvals section",
            trigger: `[data-menu-xmlid="${MODULE}.menu_construction_approvals"]`,
            run: "click",
        },
        {
            content: "open My approvals",
            trigger: `.o-dropdown--menu [data-menu-xmlid="${MODULE}.menu_construction_my_approval"]`,
            run: "click",
        },
        {
            content: "the order waits for whom the deputy stands for",
            trigger: ".o_data_row:contains('Role of absent approver') .o_data_cell",
            run: "click",
        },
        {
            content: "look at the order first",
            trigger: ".o_form_view button[name='action_open_document']",
            run: "click",
        },
        {
            content: "it says whom it waits for and what it will do",
            trigger: ".o_form_view .alert:contains('Waits for'):contains('commits')",
        },
        {
            content: "approve in the place of the absent approver",
            trigger: ".o_form_view button[name='action_release']",
            run: "click",
        },
        {
            content: "the order is confirmed",
            trigger:
                ".o_form_view .o_statusbar_status .o_arrow_button_current:contains('Purchase Order')",
        },
    ],
});

/** Open the change set of the tour from the list. */
function openChangeSet() {
    return [
        ...openIntegration("menu_construction_change"),
        {
            content: "open the proposal",
            trigger: ".o_data_row:contains('Fencing code') .o_data_cell[name='name']",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("construction_change_dry_run", {
    steps: () => [
        ...openChangeSet(),
        {
            content: "it is a draft; try it with what was recorded",
            trigger:
                ".o_form_view:has(.o_arrow_button_current:contains('Draft')) button[name='action_dry_run']",
            run: "click",
        },
        {
            content: "it can be tried again",
            trigger: "button[name='action_dry_run']:contains('Dry run again')",
        },
        {
            content: "look at how far it is",
            trigger: ".o_notebook .nav-link[name='trial']",
            run: "click",
        },
        {
            content: "it runs in the background",
            trigger: ".o_field_widget[name='trial_state']:contains('Running')",
        },
    ],
});

registry.category("web_tour.tours").add("construction_change_activated", {
    steps: () => [
        ...openChangeSet(),
        {
            content: "the documents that would differ",
            trigger: ".oe_stat_button:contains('Would differ')",
            run: "click",
        },
        {
            content: "the commitment is among them",
            trigger: ".o_list_view .o_group_header:contains('PO-TOURC')",
            run: "click",
        },
        {
            content: "its line goes to the other code",
            trigger: ".o_data_row:contains('Cost Code'):contains('TR-100'):contains('TR-900')",
        },
        {
            content: "back to the change set",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "check it",
            trigger: "button[name='action_check']",
            run: "click",
        },
        {
            content: "put it in force",
            trigger: "button[name='action_activate']",
            run: "click",
        },
        {
            content: "it is in force and can be rolled back",
            trigger:
                ".o_form_view:has(button[name='action_roll_back']) .o_arrow_button_current:contains('In force')",
        },
    ],
});
