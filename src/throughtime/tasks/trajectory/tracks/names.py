"""What the columns of tables of tracks are called by those who write them, and what each of these names stands for."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = {
    "scene": (
        "scene", "scene_id", "sequence", "sequence_id", "seq", "video", "video_id", "recording", "recording_id",
        "session", "match", "match_id", "game", "game_id", "clip", "trial", "case_id", "location_id",
    ),
    "track": (
        "track", "track_id", "track_no", "track_number", "track_num", "tid", "trajectory", "trajectory_id", "traj",
        "traj_id", "id", "ped", "ped_id", "pedestrian", "pedestrian_id", "person", "person_id", "agent", "agent_id",
        "object", "object_id", "obj", "obj_id", "player", "player_id", "vehicle", "vehicle_id", "car_id", "target",
        "target_id", "animal", "animal_id", "individual", "individual_id", "individual_local_identifier", "particle",
        "cell_id", "mmsi", "icao24", "taxi_id", "trip_id", "user_id", "device_id", "tag_id",
    ),
    "t": (
        "t", "time", "timestamp", "time_stamp", "time_s", "t_s", "seconds", "second", "secs", "sec", "global_time",
        "datetime", "date_time", "base_date_time", "date", "utc", "utc_time", "gps_time",
    ),
    "frame": (
        "frame", "frame_id", "frameid", "frame_num", "frame_number", "frame_no", "frame_nr", "frame_index", "frames",
        "frame_idx",
    ),
    "x": (
        "x", "x_m", "x_px", "px", "pos_x", "x_pos", "position_x", "x_position", "x_center", "center_x", "x_centre",
        "centre_x", "cx", "x_coord", "coord_x", "x_coordinate", "xcoord", "x_world", "world_x", "local_x", "x_utm",
        "utm_x", "easting",
    ),
    "y": (
        "y", "y_m", "y_px", "py", "pos_y", "y_pos", "position_y", "y_position", "y_center", "center_y", "y_centre",
        "centre_y", "cy", "y_coord", "coord_y", "y_coordinate", "ycoord", "y_world", "world_y", "local_y", "y_utm",
        "utm_y", "northing",
    ),
    "z": ("z", "z_m", "pz", "pos_z", "z_pos", "position_z", "z_position", "z_center", "center_z", "z_coord"),
    "lat": ("lat", "latitude", "location_lat", "gps_lat", "lat_deg", "latitude_deg"),
    "lon": ("lon", "lng", "long", "longitude", "location_long", "location_lon", "gps_lon", "lon_deg", "longitude_deg"),
    "left": ("left", "bb_left", "bbox_left", "box_left", "xmin", "x_min", "x1", "bb_x", "bbox_x"),
    "top": ("top", "bb_top", "bbox_top", "box_top", "ymin", "y_min", "y1", "bb_y", "bbox_y"),
    "width": ("width", "w", "bb_width", "bbox_width", "box_width", "bb_w", "bbox_w"),
    "height": ("height", "h", "bb_height", "bbox_height", "box_height", "bb_h", "bbox_h"),
    "right": ("right", "bb_right", "bbox_right", "xmax", "x_max", "x2"),
    "bottom": ("bottom", "bb_bottom", "bbox_bottom", "ymax", "y_max", "y2"),
}  # fmt: skip
_UNITS = {"ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "ns": 1e-9}
_BRACKETS = re.compile(r"\s*[\[(]\s*([^\])]*?)\s*[\])]\s*$")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s.:/-]+")


class Role(NamedTuple):
    """What a column is for.

    Args:
        name: scene, track, t, frame, x, y, z, lat, lon, or a side of a box: left, top, width, height, right, bottom.
        unit: seconds that one unit of a time lasts, where its name says so.
    """

    name: str
    unit: float | None = None


def role_of(name: str) -> Role | None:
    """What a column of that name is for; None: nothing that is known.

    Example:
        >>> [role_of(name).name for name in ("Vehicle_ID", "frameNum", "xCenter", "location-lat", "X [m]")]
        ['track', 'frame', 'x', 'lat', 'x']
        >>> role_of("timestamp_ms")
        Role(name='t', unit=0.001)
    """
    plain = name.strip().strip('"')
    unit = None
    if bracket := _BRACKETS.search(plain):
        plain, unit = plain[: bracket.start()], _UNITS.get(bracket[1].lower())
    plain = _WORDS.sub("_", plain).strip("_").lower()
    known = _known(plain)
    if known is None:
        begin, _, end = plain.rpartition("_")
        return Role("t", _UNITS[end]) if end in _UNITS and begin in ("", *_NAMES["t"]) else None
    return Role(known, unit if known == "t" else None)


def _known(plain: str) -> str | None:
    return next((role for role, names in _NAMES.items() if plain in names), None)
