/* What makes a form pleasanter; it works without. Counts of letters and words, names for the rich text
   editors, and the save bar's word on unsaved changes. */
"use strict"

/* <textarea data-count="words" data-least="60" data-most="130"> gets a line that says how many there are. */
function count(field) {
  const line = document.createElement("p")
  line.className = "count"
  line.setAttribute("aria-live", "polite")
  const { count: unit, least, most } = field.dataset
  const show = () => {
    const text = new DOMParser().parseFromString(field.value.replace(/<\/(p|h\d|li)>/g, " "), "text/html").body.textContent
    const number = unit === "letters" ? field.value.length : (text.match(/\S+/g) || []).length
    const aim = least ? `; aim for ${least} to ${most}` : most ? ` of ${most} at most` : ""
    line.textContent = `${number} ${number === 1 ? unit.slice(0, -1) : unit}${aim}.`
    line.classList.toggle("over", Boolean(most) && number > Number(most))
  }
  field.addEventListener("input", show)
  const editor = field.closest(".prose-editor")
  ;(editor || field).after(line)
  show()
}

const countAll = (root) => {
  for (const field of root.querySelectorAll("[data-count]"))
    if (!field.id.includes("__prefix__") && !field.hasAttribute("data-django-prose-editor-configurable")) count(field)
}

/* Select2 reads out what is chosen but not what for: its parts take the field's label. */
function nameSelects(root) {
  for (const select of root.querySelectorAll("select.select2-hidden-accessible")) {
    const label = document.querySelector(`label[for="${select.id}"]`)
    const box = select.nextElementSibling
    if (!label || !box) continue
    label.id ||= `${select.id}_label`
    const value = box.querySelector(".select2-selection__rendered")
    value?.setAttribute("aria-labelledby", label.id)
    box.querySelector("[role=combobox]").setAttribute("aria-labelledby", `${label.id} ${value?.id || ""}`.trim())
    box.querySelector(".select2-search__field")?.setAttribute("aria-labelledby", label.id)
  }
}

function nameSearch({ target }) {
  const label = document.querySelector(`label[for="${target.id}"]`)
  const field = document.querySelector(".select2-container--open .select2-search__field")
  if (label && field) field.setAttribute("aria-labelledby", label.id)
}

/* The editable text has no name of its own: it takes the field's label. */
document.addEventListener("prose-editor:ready", ({ detail: { editor, textarea } }) => {
  const label = document.querySelector(`label[for="${textarea.id}"]`)
  if (label) {
    label.id ||= `${textarea.id}_label`
    editor.view.dom.setAttribute("aria-labelledby", label.id)
    label.addEventListener("click", () => editor.commands.focus())
  }
  const help = document.getElementById(`${textarea.id}_helptext`)
  if (help) editor.view.dom.setAttribute("aria-describedby", help.id)
  const menu = editor.view.dom.parentElement.querySelector(".prose-menubar")
  menu?.setAttribute("role", "toolbar")
  menu?.setAttribute("aria-label", "Formatting")
  if (textarea.dataset.count) count(textarea)
})

const start = (root) => {
  countAll(root)
  setTimeout(() => nameSelects(root)) // select2 starts in the same events
}

document.addEventListener("DOMContentLoaded", () => {
  start(document)
  window.django?.jQuery?.(document).on("formset:added", (event) => start(event.target)).on("select2:open", nameSearch)

  const form = document.querySelector("form:has([data-save-state])")
  const state = form?.querySelector("[data-save-state]")
  if (!state) return
  let changed = Boolean(document.querySelector(".errornote"))
  const note = () => {
    if (!changed) state.textContent += ". Unsaved changes"
    changed = true
  }
  if (changed) state.textContent += ". Not saved: see above"
  form.addEventListener("input", note)
  form.addEventListener("change", note)
  // A preview opens in a tab of its own and saves nothing.
  form.addEventListener("submit", ({ submitter }) => (changed &&= submitter?.formTarget === "_blank"))
  window.addEventListener("beforeunload", (event) => changed && event.preventDefault())
})
