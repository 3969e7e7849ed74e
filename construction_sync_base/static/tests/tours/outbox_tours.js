import { openIntegration } from "./construction_tours";
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("construction_sent_again", {
    steps: () => [
        ...openIntegration("menu_construction_outbox"),
        {
            content: "what was given up is in the list",
            trigger: ".o_data_row:contains('Given up') td[name='subject']:contains('x/tour')",
            run: "click",
        },
        {
            content: "what it answered",
            trigger: ".o_form_view .alert-warning:contains('bad sum')",
        },
        {
            content: "it was mended there: send again",
            trigger: ".o_statusbar_buttons button[name='action_replay_dialog']",
            run: "click",
        },
        {
            content: "say why",
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Their schema was wrong",
        },
        {
            content: "send",
            trigger: ".modal footer button[name='action_confirm']:contains('Send again')",
            run: "click",
        },
        {
            content: "it waits to be sent",
            trigger: ".o_statusbar_status button.o_arrow_button_current:contains('Waits')",
        },
    ],
});
