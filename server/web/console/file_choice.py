"""A button that lets somebody choose a file. NiceGUI's own uploader has parts that no screen reader can name; it works unseen behind ours.

In: what the button says, which files it is for. Out: each file that was chosen, as an upload event.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.events import UploadEventArguments

#: As much as any body may have, by default.
MOST_BYTES: Final = 2 * 1024 * 1024


def file_choice(
    label: str, accept: str, took: Callable[[UploadEventArguments], Awaitable[None]], refusal: str
) -> None:
    """`refusal` is said of files that are too large or of another kind."""
    upload = ui.upload(
        on_upload=took,
        on_rejected=lambda: ui.notify(refusal, type="negative"),
        max_file_size=MOST_BYTES,
        auto_upload=True,
    )
    upload.props(f'accept="{accept}"').style("display: none")
    picking = f"() => getElement({upload.id}).$refs.qRef.pickFiles()"
    ui.button(label, icon="upload_file").props("outline").on("click", js_handler=picking)
