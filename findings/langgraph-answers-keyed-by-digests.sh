#!/usr/bin/env bash
# Package:   npm @langchain/langgraph 1.7.3 with @langchain/core 1.4.0, and PyPI langgraph 1.2.24
# Behaviour: an answer to an interrupt that is a mapping whose keys are all 32 hexadecimal digits (answers by MD5 of a document, or by
#            a UUID without dashes) never arrives: it is taken for a mapping from ids of interrupts to their answers, although none
#            of the keys is the id of an interrupt that waits. Nothing is raised, and the graph asks again. With one other key
#            beside them, or with dashes, the same answer arrives. One would guess that only ids of waiting interrupts are special.
# Output seen:
#   javascript: asks again, with another key: goes on   python: asks again, with another key: goes on
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check langgraph==1.2.24
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/langgraph@1.7.3 @langchain/core@1.4.0 node@26.10.0
cat > run.mjs <<'X'
import { createHash } from "node:crypto";
import { Annotation, Command, END, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
const State = Annotation.Root({ asked: Annotation(), answer: Annotation() });
const graph = new StateGraph(State)
  .addNode("approve", () => ({ answer: interrupt("Which of these documents?") }))
  .addEdge(START, "approve").addEdge("approve", END).compile({ checkpointer: new MemorySaver() });
const md5 = (text) => createHash("md5").update(text).digest("hex");
async function after(answer) {
  const config = { configurable: { thread_id: JSON.stringify(answer) } };
  await graph.invoke({ asked: true }, config);
  await graph.invoke(new Command({ resume: answer }), config);
  return (await graph.getState(config)).next.length > 0 ? "asks again" : "goes on";
}
const answers = { [md5("contract")]: "approve", [md5("appendix")]: "reject" };
console.log(`javascript: ${await after(answers)}, with another key: ${await after({ ...answers, comment: "read" })}`);
X
cat > run.py <<'X'
import hashlib
from typing import Any, TypedDict
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

class State(TypedDict, total=False):
    asked: bool
    answer: Any

graph = (StateGraph(State).add_node("approve", lambda state: {"answer": interrupt("Which of these documents?")})
         .add_edge(START, "approve").add_edge("approve", END).compile(checkpointer=InMemorySaver()))

def md5(text):
    return hashlib.md5(text.encode()).hexdigest()

def after(answer):
    config = {"configurable": {"thread_id": repr(answer)}}
    graph.invoke({"asked": True}, config)
    graph.invoke(Command(resume=answer), config)
    return "asks again" if graph.get_state(config).next else "goes on"

answers = {md5("contract"): "approve", md5("appendix"): "reject"}
print(f"python: {after(answers)}, with another key: {after({**answers, 'comment': 'read'})}")
X
seen="$(node_modules/.bin/node run.mjs)   $(venv/bin/python run.py)"
echo "$seen"
[ "$seen" = "javascript: asks again, with another key: goes on   python: asks again, with another key: goes on" ]
