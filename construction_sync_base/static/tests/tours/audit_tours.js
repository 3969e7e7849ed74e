import { openIntegration } from "./construction_tours";
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("construction_person_erased", {
    steps: () => [
        ...openIntegration("menu_construction_person_erase"),
        {
            content: "who it is",
            trigger: ".modal .o_field_widget[name='terms'] textarea",
            run: "edit Jürgen Weiß",
        },
        {
            content: "look what tells of the person",
            trigger: ".modal footer button[name='action_search']:contains('Search')",
            run: "click",
        },
        {
            content: "the commitment that he approved",
            trigger: ".modal .o_data_row:contains('Platform Event'):contains('commitment/TOURC')",
        },
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Request of 2 March",
        },
        {
            content: "erase",
            trigger: ".modal footer button[name='action_erase']",
            run: "click",
        },
        {
            content: "yes",
            trigger: ".modal:not(.o_inactive_modal):contains('cannot be undone') .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "told under which name",
            trigger: ".o_notification:contains('Erased as person-')",
        },
        {
            content: "the dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "open the Integration section again",
            trigger: "[data-menu-xmlid='construction_sync_base.menu_construction_integration']",
            run: "click",
        },
        {
            content: "and the chain?",
            trigger: ".o-dropdown--menu [data-menu-xmlid='construction_sync_base.menu_construction_audit_verify']",
            run: "click",
        },
        {
            content: "verify it",
            trigger: ".modal footer button[name='action_verify']",
            run: "click",
        },
        {
            content: "still intact",
            trigger: ".modal .alert-success:contains('Intact')",
        },
        {
            content: "close",
            trigger: ".modal footer button[special='cancel'], .modal footer .btn:contains('Close')",
            run: "click",
        },
        {
            content: "closed",
            trigger: "body:not(:has(.modal))",
        },
    ],
});
