"""What a study found, for other programs: tables, series, a page, a script, models."""

from aphyn_gui.study.export.everything import (
    ExportPart,
    ExportProgress,
    export_in_steps,
    export_study,
    write_models,
    write_study,
)
from aphyn_gui.study.export.fitted import FittedRegion, fitted_regions
from aphyn_gui.study.export.maps import MAP_SUFFIXES, write_map
from aphyn_gui.study.export.plain_data import (
    document_as_dict,
    parameters_as_dicts,
    recording_as_dict,
    study_as_dict,
)
from aphyn_gui.study.export.report import html_report
from aphyn_gui.study.export.script import export_script
from aphyn_gui.study.export.tables import Table, study_tables
from aphyn_gui.study.export.workbook import write_workbook

__all__ = [
    "MAP_SUFFIXES",
    "ExportPart",
    "ExportProgress",
    "FittedRegion",
    "Table",
    "document_as_dict",
    "export_in_steps",
    "export_script",
    "export_study",
    "fitted_regions",
    "html_report",
    "parameters_as_dicts",
    "recording_as_dict",
    "study_as_dict",
    "study_tables",
    "write_map",
    "write_models",
    "write_study",
    "write_workbook",
]
