/* Passages that give things away: words are marked as <span data-spoiler="of what">, whole blocks stand in
   <div data-spoiler="of what">. One button does both; pressed inside a passage it changes or takes away the mark. */
import { Mark, mergeAttributes, Node, updateAttrsDialog } from "django-prose-editor/editor"

const QUESTION = {
  of: {
    type: "string",
    title: "What does it give away?",
    description: " Empty: this film. Of another, for example “the end of Vertigo”.",
  },
}

const attributes = {
  of: {
    default: "",
    parseHTML: (element) => element.getAttribute("data-spoiler"),
    renderHTML: ({ of }) => ({ "data-spoiler": of }),
  },
}

/* The mark at the cursor, at either edge of it as well: a press on the label lands there. */
const markHere = ({ $from }) =>
  [$from.nodeAfter, $from.nodeBefore].flatMap((node) => node?.marks ?? []).find((mark) => mark.type.name === "spoiler")

const present = (editor) => {
  if (editor.isActive("spoilerBlock")) return "spoilerBlock"
  const { selection } = editor.state
  return editor.isActive("spoiler") || (selection.empty && markHere(selection)) ? "spoiler" : undefined
}

const ask = async (editor) => {
  const name = present(editor)
  const remove = {
    text: "Not a spoiler",
    handler: (_values, form) => {
      form.closest("dialog").close()
      editor.chain().focus().unsetSpoiler().run()
    },
  }
  const answer = updateAttrsDialog(QUESTION, {
    title: name ? "Edit spoiler" : "Mark as spoiler",
    submitText: name ? "Update" : "Mark",
    actions: name ? [remove] : [],
  })(editor, (name === "spoiler" && markHere(editor.state.selection)?.attrs) || editor.getAttributes(name ?? "spoiler"))
  document.querySelector(".prose-editor-dialog[open]")?.setAttribute("aria-label", "Spoiler")
  const of = (await answer)?.of.trim()
  if (of !== undefined) editor.chain().focus().setSpoiler(of).run()
  else editor.commands.focus()
}

/* Some words of one paragraph can be marked as they are; of everything else, whole blocks. */
const isWords = ({ empty, $from, $to }) =>
  !empty &&
  $from.sameParent($to) &&
  $from.parent.inlineContent &&
  $from.parent.type.name !== "heading" &&
  ($from.parentOffset > 0 || $to.parentOffset < $to.parent.content.size)

export const Spoiler = Mark.create({
  name: "spoiler",
  priority: 1100, // outside of links and emphasis: what opens may not stand in a link
  inclusive: false,

  addAttributes: () => attributes,
  parseHTML: () => [{ tag: "span[data-spoiler]" }],
  renderHTML: ({ HTMLAttributes }) => ["span", mergeAttributes(HTMLAttributes), 0],

  addCommands() {
    return {
      editSpoiler:
        () =>
        ({ editor, dispatch }) => {
          if (dispatch) ask(editor)
          return true
        },
      setSpoiler:
        (of) =>
        ({ editor, state, tr, dispatch, chain, commands }) => {
          const name = present(editor)
          if (name === "spoilerBlock") return commands.updateAttributes(name, { of })
          if (name || isWords(state.selection)) return chain().extendMarkRange("spoiler").setMark("spoiler", { of }).run()
          const { $from, $to } = state.selection
          const range = $from.blockRange($to, (node) => node.type.name === "doc")
          if (range && dispatch) tr.wrap(range, [{ type: state.schema.nodes.spoilerBlock, attrs: { of } }])
          return Boolean(range)
        },
      unsetSpoiler:
        () =>
        ({ editor, state, tr, dispatch, chain }) => {
          if (present(editor) === "spoiler") return chain().extendMarkRange("spoiler").unsetMark("spoiler").run()
          const { $from } = state.selection
          const depth = Array.from({ length: $from.depth + 1 }, (_, at) => at).find(
            (at) => $from.node(at).type.name === "spoilerBlock",
          )
          if (depth && dispatch) {
            const range = state.doc.resolve($from.start(depth)).blockRange(state.doc.resolve($from.end(depth)))
            tr.lift(range, depth - 1)
          }
          return Boolean(depth)
        },
    }
  },

  addKeyboardShortcuts() {
    return { "Mod-Shift-h": () => this.editor.commands.editSpoiler() }
  },

  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "spoiler",
      groups: "nodes",
      button: buttons.text("Spoiler", "Spoiler"),
      command: (editor) => editor.commands.editSpoiler(),
      active: (editor) => Boolean(present(editor)),
    })
  },
})

export const SpoilerBlock = Node.create({
  name: "spoilerBlock",
  group: "block",
  content: "block+",
  defining: true,

  addAttributes: () => attributes,
  parseHTML: () => [{ tag: "div[data-spoiler]" }],
  renderHTML: ({ HTMLAttributes }) => ["div", mergeAttributes(HTMLAttributes), 0],
})
