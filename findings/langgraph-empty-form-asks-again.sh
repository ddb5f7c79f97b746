#!/usr/bin/env bash
# Packages:  PyPI langgraph 1.2.24 and npm @langchain/langgraph 1.7.3 with @langchain/core 1.4.0: one library in two languages
# Behaviour: a graph that asks by interrupt() is resumed with the answer of a form whose fields were all left empty, which is {}. To
#            Python an empty object is a map from ids of interrupts to answers, without any answer: the node runs again from its
#            start, with what it did before the question, and the same question is asked once more, without an error. In JavaScript
#            the answer is {}. Both take an object of one member, false, 0, an empty text and an empty list as the answer.
# Output seen:
#   Python       {}: asks again, sent 2 mails   {"note": ""}: {"note": ""}   []: []   false: false   "": ""
#   JavaScript   {}: {}   {"note":""}: {"note":""}   []: []   false: false   "": ""
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/langgraph@1.7.3 @langchain/core@1.4.0 >/dev/null
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check langgraph==1.2.24
cat > try.py <<'X'
import json
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

mails = []


class State(TypedDict):
    answer: object


def ask(_state):
    mails.append("sent")
    return {"answer": interrupt("Any remarks?")}


builder = StateGraph(State)
builder.add_node("ask", ask)
builder.add_edge(START, "ask")
graph = builder.compile(checkpointer=InMemorySaver())


def told(index, answer):
    config = {"configurable": {"thread_id": str(index)}}
    mails.clear()
    graph.invoke({"answer": None}, config)
    result = graph.invoke(Command(resume=answer), config)
    return f"asks again, sent {len(mails)} mails" if "__interrupt__" in result else json.dumps(result["answer"])


answers = [{}, {"note": ""}, [], False, ""]
print("Python       " + "   ".join(f"{json.dumps(a)}: {told(i, a)}" for i, a in enumerate(answers)))
X
cat > try.mjs <<'X'
import { Annotation, Command, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";

const graph = new StateGraph(Annotation.Root({ answer: Annotation() }))
  .addNode("ask", () => ({ answer: interrupt("Any remarks?") }))
  .addEdge(START, "ask")
  .compile({ checkpointer: new MemorySaver() });

const told = [];
for (const [index, answer] of [{}, { note: "" }, [], false, ""].entries()) {
  const config = { configurable: { thread_id: String(index) } };
  await graph.invoke({ answer: null }, config);
  const result = await graph.invoke(new Command({ resume: answer }), config);
  told.push(`${JSON.stringify(answer)}: ${"__interrupt__" in result ? "asks again" : JSON.stringify(result.answer)}`);
}
console.log(`JavaScript   ${told.join("   ")}`);
X
said=$(venv/bin/python try.py; node try.mjs); echo "$said"
grep -qF 'Python       {}: asks again, sent 2 mails   {"note": ""}: {"note": ""}   []: []   false: false   "": ""' <<<"$said"
grep -qF 'JavaScript   {}: {}   {"note":""}: {"note":""}   []: []   false: false   "": ""' <<<"$said"
