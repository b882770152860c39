/* A picture field shows what was chosen, and pressing the picture sets the focal point. The two number fields
   remain the way for a keyboard, and the only one that is sent. */
"use strict"
{
  const fieldOf = (input, name) =>
    document.getElementsByName(input.name.replace(/image$/, name))[0]

  const start = (box) => {
    const input = box.querySelector("input[type=file]")
    const [frame, image, dot] = [".picture-frame", "img", ".picture-dot"].map((part) => box.querySelector(part))
    const [x, y] = ["focal_x", "focal_y"].map((name) => fieldOf(input, name))

    input.addEventListener("change", () => {
      const file = input.files[0]
      if (!file) return
      const reader = new FileReader()
      reader.addEventListener("load", () => {
        image.src = reader.result
        image.alt = "The picture just chosen"
        frame.hidden = false
      })
      image.onerror = () => (frame.hidden = true)
      reader.readAsDataURL(file)
    })
    if (!x || !y || x === input) return

    const show = () => {
      dot.hidden = false
      dot.style.left = `${x.value}%`
      dot.style.top = `${y.value}%`
    }
    const set = (field, value) => {
      field.value = Math.min(100, Math.max(0, Math.round(value * 100)))
      field.dispatchEvent(new Event("input", { bubbles: true }))
    }
    image.addEventListener("click", (event) => {
      const area = image.getBoundingClientRect()
      set(x, (event.clientX - area.left) / area.width)
      set(y, (event.clientY - area.top) / area.height)
    })
    for (const field of [x, y]) field.addEventListener("input", show)
    frame.classList.add("has-focus")
    show()
  }

  const startAll = (root) => {
    for (const box of root.querySelectorAll("[data-picture]"))
      if (!box.querySelector("input[type=file]").name.includes("__prefix__")) start(box)
  }
  document.addEventListener("DOMContentLoaded", () => {
    startAll(document)
    window.django?.jQuery?.(document).on("formset:added", (event) => startAll(event.target))
  })
}
