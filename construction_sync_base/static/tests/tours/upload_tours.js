import { registry } from "@web/core/registry";
import { openIntegration } from "./construction_tours";

const HEAD = "external_id,code,name";
const ROW = ".o_field_widget[name='row_ids'] .o_data_row:contains('cost_code/T-2')";

/** Choose a file that a person would have saved on disk. */
function chooseFile(name, lines) {
    return {
        content: `choose ${name}`,
        trigger: ".o_field_widget[name='content'] .o_select_file_button",
        run() {
            const input = document.querySelector(
                ".o_field_widget[name='content'] input[type='file']",
            );
            const chosen = new DataTransfer();
            chosen.items.add(new File([lines.join("\n")], name, { type: "text/csv" }));
            input.files = chosen.files;
            input.dispatchEvent(new Event("change", { bubbles: true }));
        },
    };
}

const check = [
    {
        content: "check the file",
        trigger: ".o_statusbar_buttons button[name='action_check']:enabled",
        run: "click",
    },
];

registry.category("web_tour.tours").add("construction_file_uploaded", {
    steps: () => [
        ...openIntegration("menu_construction_upload"),
        {
            content: "a new upload",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "look for the platform",
            trigger: ".o_field_widget[name='platform_id'] input",
            run: "edit Platform tests-main",
        },
        {
            content: "choose it",
            trigger: ".o-autocomplete--dropdown-item:contains('Platform tests-main')",
            run: "click",
        },
        {
            content: "the rows are cost codes",
            trigger: ".o_field_widget[name='type'] input",
            run: "click",
        },
        {
            content: "cost codes",
            trigger: ".o_select_menu_item:contains('Cost code created or changed')",
            run: "click",
        },
        {
            content: "the template of this type can be downloaded",
            trigger: ".o_statusbar_buttons button[name='action_template_xlsx']",
        },
        chooseFile("codes.csv", [HEAD, "T-1,91-100,Tour fences", "T-2,,Tour gates"]),
        {
            content: "the file is chosen",
            trigger: ".o_field_widget[name='content'] input.o_input:value('codes.csv')",
        },
        ...check,
        {
            content: "one row is faulty, and it says what to do",
            trigger: ".o_field_widget[name='faulty_row_ids'] .o_data_row:contains('Fill it in')",
        },
        {
            content: "nothing can be sent",
            trigger: ".o_statusbar_buttons:not(:has(button[name='action_send']))",
        },
        chooseFile("corrected.csv", [HEAD, "T-1,91-100,Tour fences", "T-2,91-200,Tour gates"]),
        {
            content: "the corrected file is chosen",
            trigger: ".o_field_widget[name='content'] input.o_input:value('corrected.csv')",
        },
        ...check,
        {
            content: "two rows become two events",
            trigger: ".alert-success:contains('2')",
        },
        {
            content: "send it",
            trigger: ".o_statusbar_buttons button[name='action_send']",
            run: "click",
        },
        {
            content: "each row says what became of it",
            trigger: `${ROW}:contains('Accepted')`,
        },
        {
            content: "and leads to its event",
            trigger: `${ROW} button[name='action_open_event']`,
            run: "click",
        },
        {
            content: "the event of the row",
            trigger: ".o_form_view .o_field_widget[name='subject']:contains('cost_code/T-2')",
        },
    ],
});
