/* The footnote of our rich text: an inline atom, stored as <span data-footnote="text">*</span>.
   The button in the tool bar asks for its text; pressing the mark in the text asks again. */
import { mergeAttributes, Node, updateAttrsDialog } from "django-prose-editor/editor"

const QUESTION = {
  text: { type: "string", format: "textarea", title: "Text of the footnote" },
}

const ask = (editor, text) => {
  const answer = updateAttrsDialog(QUESTION, {
    title: text ? "Edit footnote" : "Insert footnote",
    submitText: text ? "Update" : "Insert",
  })(editor, { text })
  document.querySelector(".prose-editor-dialog[open]")?.setAttribute("aria-label", "Footnote")
  return answer
}

export const Footnote = Node.create({
  name: "footnote",
  group: "inline",
  inline: true,
  atom: true,

  addAttributes() {
    return {
      text: {
        default: "",
        parseHTML: (element) => element.getAttribute("data-footnote"),
        renderHTML: ({ text }) => ({ "data-footnote": text }),
      },
    }
  },

  parseHTML() {
    return [{ tag: "span[data-footnote]" }]
  },

  renderHTML({ HTMLAttributes }) {
    return ["span", mergeAttributes(HTMLAttributes), "*"]
  },

  addNodeView() {
    return ({ node, editor, getPos }) => {
      const dom = document.createElement("button")
      const show = ({ attrs: { text } }) => {
        dom.title = text
        dom.setAttribute("aria-label", `Footnote: ${text}. Edit`)
      }
      dom.type = "button"
      dom.className = "footnote-mark"
      dom.textContent = "*"
      show(node)
      dom.addEventListener("click", async () => {
        const answer = await ask(editor, editor.state.doc.nodeAt(getPos()).attrs.text)
        if (answer) editor.commands.writeFootnote(getPos(), answer.text.trim())
        editor.commands.focus()
      })
      return {
        dom,
        stopEvent: (event) => event.type === "mousedown" || event.type === "click" || event.type === "keydown",
        update: (updated) => updated.type.name === "footnote" && (show(updated), true),
      }
    }
  },

  addCommands() {
    return {
      insertFootnote:
        () =>
        ({ editor, dispatch }) => {
          if (dispatch)
            ask(editor, "").then((answer) => {
              const text = answer?.text.trim()
              if (text) editor.chain().focus().insertContent({ type: "footnote", attrs: { text } }).run()
              else editor.commands.focus()
            })
          return true
        },
      /* An empty text takes the footnote away. */
      writeFootnote:
        (at, text) =>
        ({ tr, dispatch }) => {
          if (dispatch) text ? tr.setNodeMarkup(at, undefined, { text }) : tr.delete(at, at + 1)
          return true
        },
    }
  },

  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "footnote",
      groups: "nodes",
      button: buttons.text("Footnote", "Footnote"),
      command: (editor) => editor.commands.insertFootnote(),
      active: (editor) => editor.isActive("footnote"),
    })
  },
})
