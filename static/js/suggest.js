// Suggestions: a combobox with a listbox (WAI-ARIA APG). Without it the forms just work.
const WAIT = 120
const set = (element, values) => Object.entries(values).forEach(pair => element.setAttribute(...pair))

function enhance(form, number) {
  const input = form.elements.q
  const list = document.createElement("ul")
  let options = [], active = -1, timer, request

  set(list, { id: `suggestions-${number}`, class: "suggestions", role: "listbox", "aria-label": "Suggestions", hidden: "" })
  set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": false, "aria-controls": list.id })
  form.append(list)

  function open(is) {
    list.hidden = !is
    set(input, { "aria-expanded": is })
    if (!is) choose(-1)
  }

  function choose(place) {
    active = place
    options.forEach((option, at) => set(option, { "aria-selected": at === place }))
    set(input, { "aria-activedescendant": options[place]?.id ?? "" })
    options[place]?.scrollIntoView({ block: "nearest" })
  }

  function show(found) {
    options = found.map((item, at) => {
      const option = document.createElement("li")
      const detail = document.createElement("small")
      set(option, { id: `${list.id}-${at}`, role: "option", "data-url": item.url })
      detail.textContent = [item.kind, item.detail].filter(Boolean).join(", ")
      option.append(item.label, " ", detail)
      return option
    })
    list.replaceChildren(...options)
    open(options.length > 0)
  }

  async function ask() {
    request?.abort()
    const q = input.value.trim()
    if (!q) return show([])
    request = new AbortController()
    try {
      const answer = await fetch(`${form.dataset.suggestions}?${new URLSearchParams({ q })}`, { signal: request.signal })
      const { suggestions } = await answer.json()
      if (document.activeElement === input) show(suggestions)
    } catch (error) { if (error.name !== "AbortError") open(false) }
  }

  const go = option => option && location.assign(option.dataset.url)

  function close() {
    clearTimeout(timer)
    request?.abort()
    open(false)
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT) })
  input.addEventListener("blur", close)
  form.addEventListener("submit", close)
  input.addEventListener("keydown", event => {
    if (event.isComposing) return
    const { key } = event
    if (key === "Escape" && !list.hidden) close()
    else if ((key === "ArrowDown" || key === "ArrowUp") && options.length) {
      const last = options.length - 1, step = key === "ArrowDown" ? 1 : -1
      if (list.hidden) open(true)
      choose(active < 0 && step < 0 ? last : active + step > last ? -1 : Math.max(-1, active + step))
    } else if (key === "Enter" && active >= 0) go(options[active])
    else return
    event.preventDefault()
  })
  list.addEventListener("mousedown", event => event.preventDefault())
  list.addEventListener("click", event => go(event.target.closest("[role=option]")))
}

document.querySelectorAll("form[data-suggestions]").forEach(enhance)
