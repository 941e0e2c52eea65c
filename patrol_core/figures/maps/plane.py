"""What drawings on a plane share: their layout, text that is safe in them, and the buttons of a film."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go


def safe(text: str) -> str:
    """Text from data inside a plotly label, which reads some HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def flat(figure: go.Figure, height: int) -> None:
    """Layout of a drawing on a plane."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
        dragmode="pan",
        clickmode="event+select",
        font={"size": 13, "color": "#1f2933"},
        legend={
            "orientation": "h",
            "y": -0.01,
            "yanchor": "top",
            "x": 0,
            "xanchor": "left",
            "itemsizing": "constant",
        },
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)


def film_controls(
    figure: go.Figure,
    labels: Sequence[str],
    frames: Sequence[str],
    prefix: str,
    *,
    milliseconds: int,
    x: float,
    y: float,
    gap: int,
) -> None:
    """A slider over the frames of a film, and buttons to play and pause it.

    Parameters
    ----------
    labels, frames
        What the slider says of each frame, and its name.
    prefix
        Before the label of the frame that is shown.
    milliseconds
        Between frames.
    x, y
        Left end of the slider and height of both, in parts of the drawing.
    gap
        Pixels above the slider.
    """
    still = {"frame": {"duration": 0, "redraw": False}, "mode": "immediate", "transition": {"duration": 0}}
    run = {
        "frame": {"duration": milliseconds, "redraw": False},
        "fromcurrent": True,
        "transition": {"duration": 0},
    }
    steps = [
        {"label": label, "method": "animate", "args": [[frame], still]}
        for label, frame in zip(labels, frames, strict=True)
    ]
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, run]},
        {"label": "Pause", "method": "animate", "args": [[None], still]},
    ]
    figure.update_layout(
        sliders=[
            {
                "steps": steps,
                "currentvalue": {"prefix": prefix},
                "x": x,
                "len": 1 - x,
                "y": y,
                "pad": {"t": gap, "b": 5},
            }
        ],
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "buttons": buttons,
                "x": 0.0,
                "xanchor": "left",
                "y": y,
                "yanchor": "top",
                "pad": {"t": gap + 12},
                "showactive": False,
            }
        ],
    )
