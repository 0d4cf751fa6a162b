"""`uns sparkplug`: Sparkplug B on its own, without a site: for trying things out, for other people's systems and for test kits."""

from __future__ import annotations

import typer

from namespace.cli.sparkplug_edge import edge
from namespace.cli.sparkplug_host import host

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def sparkplug() -> None:
    """Be a Sparkplug edge node or host application, driven by lines of JSON."""


app.command(
    "edge", epilog="Example: uns sparkplug edge --server mqtt://127.0.0.1 --group G --node E --device D --host-id H"
)(edge)
app.command("host", epilog="Example: uns sparkplug host --server mqtt://127.0.0.1 --host-id H --reorder-ms 2000")(host)
