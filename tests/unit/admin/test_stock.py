"""Stock lists as factories and spreadsheets write them, and the file of refused rows."""

import csv
import errno
import os
import pathlib
import stat

import pytest

from admin.app import main
from admin.cli.errors import CannotRun
from admin.stock import labels, refused
from admin.stock import rows as stock

ONE = "e00fce680000000000000001"
TWO = "e00fce680000000000000002"
THREE = "e00fce680000000000000003"
HEADER = "device_id,serial_number,setup_code\n"
SEMICOLONS = HEADER.replace(",", ";")
TAB = "\t"


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "stock.csv"


def reasons(listed: stock.Stock) -> dict[int, str]:
    return {refusal.line.number: refusal.reason for refusal in listed.refusals}


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}{ONE},PT-1001,K7QW-92MX\n",
        f"{HEADER}{ONE},PT-1001,K7QW-92MX",
        f"\ufeff{HEADER}{ONE},PT-1001,K7QW-92MX\r\n".replace("\n", "\r\n"),
        f"setup_code;name;device_id;serial_number\nK7QW-92MX;Pump, old;{ONE};PT-1001\n",
        f"setup_code\tdevice_id\tserial_number\nK7QW-92MX\t{ONE}\tPT-1001\n",
        f' Device_ID , "SERIAL_NUMBER",setup_code\n\n{ONE.upper()} , "PT-1001",K7QW-92MX\n , ,\n\n',
        f"\n{HEADER}{ONE},PT-1001,K7QW-92MX,,,\n",
        f'{HEADER.strip()},name\n{ONE},PT-1001,K7QW-92MX,"Pump ""A"", cellar"\n',
        f"{HEADER.strip()},name\n{ONE},PT-1001,K7QW-92MX\n",
        f"sep=;\r\n{SEMICOLONS}{ONE};PT-1001;K7QW-92MX\r\n",
        f"\ufeffsep=;\n{SEMICOLONS}{ONE};PT-1001;K7QW-92MX\n",
        f"sep=;\n\ufeff{SEMICOLONS}{ONE};PT-1001;K7QW-92MX\n",
        f'\n"sep=;"\n\n{SEMICOLONS}{ONE};PT-1001;K7QW-92MX\n',
        f" SEP=;;; \n{SEMICOLONS}{ONE};PT-1001;K7QW-92MX\n",
        f"Sep=,\n{HEADER}{ONE},PT-1001,K7QW-92MX\n",
        f"sep=|\n{SEMICOLONS.replace(';', '|')}{ONE}|PT-1001|K7QW-92MX\n",
        f"sep=\t\n{SEMICOLONS.replace(';', TAB)}{ONE}\tPT-1001\tK7QW-92MX\n",
        f"sep=\\t\n{SEMICOLONS.replace(';', TAB)}{ONE}\tPT-1001\tK7QW-92MX\n",
        f"sep=\n{HEADER}{ONE},PT-1001,K7QW-92MX\n",
        f"sep=;\n{HEADER}{ONE},PT-1001,K7QW-92MX\n",
        f'{HEADER}\'{ONE},\'PT-1001,"=""K7QW-92MX"""\n',
        f'{HEADER}="{ONE}",="PT-1001",= "K7QW-92MX"\n',
    ],
)
def test_one_device_in_the_shapes_it_comes_in(path: pathlib.Path, content: str) -> None:
    path.write_bytes(content.encode())
    listed = stock.read(path)
    assert reasons(listed) == {}
    assert listed.warnings == []
    [row] = listed.rows
    assert (row.device_id, row.serial_number, row.serial) == (ONE, "PT-1001", "PT1001")
    assert row.setup_code == "K7QW-92MX"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"e00fce68,PT-1,K7QW92MX", "device id is not 24 hexadecimal digits"),
        (b",PT-1,K7QW92MX", "device id is missing"),
        (f"{ONE},,K7QW92MX".encode(), "serial number is missing"),
        (f"{ONE},PT/1,K7QW92MX".encode(), "serial number has characters other than"),
        (f"{ONE},PT-1,".encode(), "setup code is missing"),
        (f"{ONE},PT-1".encode(), "setup code is missing"),
        (f"{ONE},PT-1,{'A' * 65}".encode(), "setup code is longer than 64"),
        (f"{ONE},PT-\xfc,K7QW92MX".encode("latin-1"), "is not UTF-8 text"),
        (f"{ONE},PT-1,K7QW92MX,Pump, old".encode(), "has 5 cells where the header has 4"),
        (f'{ONE},PT-1,K7QW92MX,"Pump'.encode(), "a quotation mark is not closed"),
        (f"{ONE},PT-1,K7QW92MX,{'x' * 200_000}".encode(), "far too long"),
    ],
)
def test_a_bad_line_is_refused_alone(path: pathlib.Path, line: bytes, reason: str) -> None:
    good = f"{TWO},PT-2,K7QW92MX,Pump".encode()
    path.write_bytes(HEADER.strip().encode() + b",name\n" + line + b"\n" + good + b"\n")
    listed = stock.read(path)
    assert [row.device_id for row in listed.rows] == [TWO]
    assert list(reasons(listed)) == [2]
    assert reason in reasons(listed)[2]


@pytest.mark.parametrize(
    ("cell", "serial_number"),
    [
        ('"=""00123"""', "00123"),
        ('="00123"', "00123"),
        ("'00123", "00123"),
        ('="1234567890123450"', "1234567890123450"),
        ("'10-Mar", "10-Mar"),
        ("12E4", "12E4"),
        ("5E-3", "5E-3"),
        ("1234567890123456", "1234567890123456"),
        ("123456789012000", "123456789012000"),
    ],
)
def test_what_a_spreadsheet_marks_as_text_is_read_as_it_is(
    path: pathlib.Path, cell: str, serial_number: str
) -> None:
    path.write_text(f"{HEADER}{ONE},{cell},K7QW-92MX\n")
    listed = stock.read(path)
    assert reasons(listed) == {}
    assert [row.serial_number for row in listed.rows] == [serial_number]
    assert listed.warnings == []


@pytest.mark.parametrize("cell", ["1001.0", "1001.00", '"1001,0"', "1001.0 "])
def test_a_number_that_was_written_with_decimals_is_read_and_warned_of(
    path: pathlib.Path, cell: str
) -> None:
    path.write_text(f"{HEADER}{ONE},{cell},K7QW-92MX\n")
    listed = stock.read(path)
    assert [row.serial_number for row in listed.rows] == ["1001"]
    [(line, warning)] = listed.warnings
    assert line == 2
    assert warning.startswith("serial number was written as a number")
    path.write_text(f"{HEADER}{ONE},PT-1,90817263.0\n")
    listed = stock.read(path)
    assert [row.setup_code for row in listed.rows] == ["90817263"]
    assert "90817263" not in str(listed.warnings), "setup codes are shown nowhere"


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.23E+11", "shortened, as in 1.23E+11"),
        ('"1,23457E+11"', "shortened"),
        ("1.2e11", "shortened"),
        ("1E+05", "shortened"),
        ("'1.23E+11", "shortened"),
        ('="2.0003E+23"', "shortened"),
        ("=A2", "is a formula"),
        ("=00123", "is a formula"),
        ("#NAME?", "is an error of the spreadsheet"),
        ("########", "its column was too narrow"),
        ("10-Mar", "date"),
        ("Mar-10", "date"),
        ("10/03/2024", "date"),
        ("10.03.2024", "date"),
        ('"1,234,567"', "as a spreadsheet formats it"),
        ("1.001", "as a spreadsheet formats it"),
        ("1001.5", "as a spreadsheet formats it"),
        ("1234567890123450", "after its 15th digit"),
        ("200030000847353000000000", "after its 15th digit"),
        ("200030000847353000000000.0", "after its 15th digit"),
    ],
)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_what_excel_has_destroyed_is_refused_with_the_way_out(
    path: pathlib.Path, cell: str, reason: str, column: int
) -> None:
    cells = [ONE, "PT-1", "K7QW92MX"]
    cells[column] = cell
    path.write_text(f"{HEADER}{','.join(cells)}\n{TWO},PT-2,K7QW92MX\n")
    listed = stock.read(path)
    assert [row.device_id for row in listed.rows] == [TWO]
    name = ("device id", "serial number", "setup code")[column]
    assert reasons(listed)[2].startswith(f"{name} ")
    assert reason in reasons(listed)[2]
    assert 'Format the column as "Text"' in reasons(listed)[2]


def test_long_numbers_that_end_in_zeros_are_right_beside_others_that_do_not(
    path: pathlib.Path,
) -> None:
    path.write_text(f"{HEADER}{ONE},1234567890123450,K7QW92MX\n{TWO},1234567890123451,K7QW92MX\n")
    listed = stock.read(path)
    assert reasons(listed) == {}
    assert [row.serial for row in listed.rows] == ["1234567890123450", "1234567890123451"]


def test_lines_that_contradict_each_other_are_all_refused(path: pathlib.Path) -> None:
    path.write_text(
        f"{HEADER}{ONE},PT-1,K7QW92MX\n"
        f"{TWO},PT-2,K7QW92MX\n"
        f"{ONE.upper()},PT-9,K7QW92MX\n"
        f"{THREE},pt 2,K7QW92MX\n"
    )
    listed = stock.read(path)
    assert listed.rows == []
    assert reasons(listed) == {
        2: "device id also on line 4, with other values",
        3: "serial number also on line 5",
        4: "device id also on line 2, with other values",
        5: "serial number also on line 3",
    }


def test_of_lines_that_say_the_same_the_first_goes_in(path: pathlib.Path) -> None:
    path.write_text(f"{HEADER}" + f"{ONE},PT-1,K7QW92MX\n{ONE},pt1,k7qw-92mx\n" * 2)
    listed = stock.read(path)
    assert [row.line.number for row in listed.rows] == [2]
    assert reasons(listed) == dict.fromkeys((3, 4, 5), "repeats line 2")


def test_many_repetitions_are_named_briefly(path: pathlib.Path) -> None:
    lines = [f"e00fce68{number:016x},PT-1,K7QW92MX\n" for number in range(5000)]
    path.write_text(HEADER + "".join(lines))
    listed = stock.read(path)
    assert len(listed.refusals) == 5000
    assert listed.refusals[0].reason == "serial number also on lines 3, 4, 5 and 4996 more"
    assert listed.refusals[-1].reason == "serial number also on lines 2, 3, 4 and 4996 more"


def test_weak_codes_and_unread_bytes_are_warned_of(path: pathlib.Path) -> None:
    path.write_bytes(
        HEADER.strip().encode()
        + f",name\n{ONE},PT-1,12345678,Pump\n{TWO},PT-2,K7QW92MX,K\xfcche\n".encode("latin-1")
    )
    listed = stock.read(path)
    assert len(listed.rows) == 2
    assert listed.warnings == [
        (2, "setup code is a sequence"),
        (3, "is not UTF-8 text, in a column that the import does not read"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n \n", "is empty"),
        (f"{ONE},PT-1,K7QW92MX\n".encode(), "device_id, serial_number, setup_code missing"),
        (b"device_id,serial,setup_code\n", "column serial_number missing"),
        (b"device_id,serial_number,setup_code,Device_ID\n", "has column device_id twice"),
        (HEADER.encode("utf-16"), "UTF-8"),
        (b"sep=;\n", "is empty"),
        (b"sep=;\nid;serial_number;setup_code\n", "column device_id missing"),
    ],
)
def test_a_file_without_a_header_is_not_imported(
    path: pathlib.Path, content: bytes, message: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(CannotRun, match=message):
        stock.read(path)


def test_a_file_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    with pytest.raises(CannotRun, match="No such file"):
        stock.read(tmp_path / "none.csv")
    with pytest.raises(CannotRun, match="directory"):
        stock.read(tmp_path)


def test_refused_rows_are_mended_and_imported_as_they_are(
    path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path.write_bytes(
        b"\xef\xbb\xbf"
        + f"name;device_id;serial_number;setup_code\r\nK\xfcche;{ONE};PT/1;K7QW92MX\r\n".encode(
            "latin-1"
        )
        + f'"a;b";{TWO};PT-2;K7QW92MX;x\r\n'.encode()
    )
    listed = stock.read(path)
    target = tmp_path / "refused.csv"
    refused.write(target, listed.table, listed.refusals)
    content = target.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfreason;name;device_id;serial_number;setup_code\n")
    assert b";K\xfcche;" in content, "bytes that were not UTF-8 must come back as they were"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600, "it holds setup codes"

    again = stock.read(target)
    assert len(again.refusals) == 2, "uncorrected, they are refused again"
    target.write_bytes(content.replace(b"PT/1", b"PT-1").replace(b";x\n", b"\n"))
    corrected = stock.read(target)
    assert [row.serial for row in corrected.rows] == ["PT1", "PT2"]
    assert corrected.refusals == []


def test_refused_rows_keep_excels_first_line(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path.write_text(f"\ufeffsep=;\n{SEMICOLONS}{ONE};PT/1;K7QW92MX\n")
    listed = stock.read(path)
    assert reasons(listed).keys() == {3}, "lines are counted as an editor counts them"
    target = tmp_path / "refused.csv"
    refused.write(target, listed.table, listed.refusals)
    assert target.read_text().startswith(f"\ufeffsep=;\nreason;{SEMICOLONS}")
    refused.require_place(target)
    target.write_text(target.read_text().replace("PT/1", "PT-1"))
    assert [row.serial for row in stock.read(target).rows] == ["PT1"]
    with pytest.raises(CannotRun, match="is not a file of refused rows"):
        refused.require_place(path)


def test_the_reason_of_an_earlier_import_is_replaced(
    path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path.write_text(f"device_id,serial_number,reason,setup_code\n{ONE},PT-1,old,\nx\n")
    listed = stock.read(path)
    target = tmp_path / "refused.csv"
    refused.write(target, listed.table, list(reversed(listed.refusals)))
    with target.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["device_id", "serial_number", "reason", "setup_code"],
        [ONE, "PT-1", "setup code is missing", ""],
        ["x", "", "device id is not 24 hexadecimal digits"],
    ]


def test_only_a_file_of_refused_rows_is_ever_replaced(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "refused.csv"
    refused.require_place(target)
    target.write_text("device_id,serial_number,setup_code\n")
    with pytest.raises(CannotRun, match="is not a file of refused rows"):
        refused.require_place(target)
    target.write_text("reason,device_id,serial_number,setup_code\n")
    refused.require_place(target)
    with pytest.raises(CannotRun, match="no such folder"):
        refused.require_place(tmp_path / "none" / "refused.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotRun, match="cannot be replaced"):
        refused.require_place(tmp_path / "folder")


def test_setup_codes_are_made_for_the_same_lists(
    path: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And never printed on a label that a spreadsheet has destroyed."""
    written = (tmp_path / "codes.csv", tmp_path / "labels.html")
    arguments = ["devices", "codes", str(path), "--output", str(written[0]), "--labels"]
    arguments.append(str(written[1]))
    path.write_text(f"sep=;\nserial_number;device_id\n1.23E+11;{ONE}\n")
    arguments += ["--url", "https://app.acme.com"]
    assert main(arguments) == 2
    assert "line 3: serial number is a long number" in capsys.readouterr().err
    assert not any(file.exists() for file in written)
    path.write_text(f'sep=;\nserial_number;device_id\n"=""00123""";{ONE}\n1001.0;{TWO}\n')
    assert main(arguments) == 0
    assert "warning: line 4: serial number was written as a number" in capsys.readouterr().err
    assert [row.serial for row in stock.read(written[0]).rows] == ["00123", "1001"]


LABEL_LIST = f"device_id,serial_number\n{ONE},PT-1\n{TWO},PT-2\n"


def labelled(path: pathlib.Path, *more: str) -> tuple[int, pathlib.Path, pathlib.Path]:
    """Make codes for a list: the status, the file of codes, and that of labels."""
    written = (path.parent / "codes.csv", path.parent / "labels.html")
    arguments = ["--output", str(written[0]), "--labels", str(written[1])]
    return main(["devices", "codes", str(path), *arguments, *more]), *written


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (f"{ONE},PT-1\n{TWO},PT 1\n", "line 2: serial number also on line 3"),
        (f"{ONE},PT-1\n{ONE},PT-2\n", "line 3: device id also on line 2"),
        (f"{ONE},PT-1\n{ONE},PT-1\n", "line 3: repeats line 2"),
        ("1234,PT-1\n", "line 2: device id is not 24 hexadecimal digits"),
        (f"{ONE},PT/1\n", "line 2: serial number has characters other than"),
        (f"{ONE},\n", "line 2: serial number is missing"),
    ],
)
def test_no_code_is_made_for_a_list_that_the_import_would_refuse(
    lines: str, why: str, path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("device_id,serial_number\n" + lines)
    status, *written = labelled(path, "--url", "https://app.acme.com")
    assert (status, [file.exists() for file in written]) == (2, [False, False])
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        *("https://app.example.com", "https://example.org/x", "https://acme.test", "app.acme.com"),
        *("http://app.acme.com", "https://acme", "https://a b.com", "https://acme.com/?a=1"),
        *("https://acme.com/#", "https://me@acme.com", "ftp://acme.com", "https://", ""),
        *("https://acme.com:port", "https://[acme.com", "https://yourdomain.com"),
    ],
)
def test_no_label_leads_to_a_placeholder(
    url: str, path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(LABEL_LIST)
    status, *written = labelled(path, "--url", url)
    assert (status, [file.exists() for file in written]) == (2, [False, False])
    assert "--url" in (said := capsys.readouterr().err) or "placeholder" in said


@pytest.mark.parametrize(("sheet", "per_page"), [("L7160", 21), ("L7651", 65), ("5160", 30)])
def test_labels_fit_a_sheet(sheet: str, per_page: int, path: pathlib.Path) -> None:
    devices = "".join(f"{number:024x},PT-{number}\n" for number in range(per_page + 1))
    path.write_text("device_id,serial_number\n" + devices)
    status, _, file = labelled(path, "--url", "https://app.acme.com", "--sheet", sheet)
    html = file.read_text()
    assert (status, html.count("<section>"), html.count("<svg")) == (0, 2, per_page + 1)
    form = labels._FORMS[labels.Sheet(sheet)]
    assert form.columns * form.rows == per_page
    assert all(margin >= 4 for margin in form.margins), "printers leave an edge"
    assert form.picture <= form.label[1]


def test_a_label_that_is_too_small_for_its_link_is_not_printed(
    path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(LABEL_LIST)
    url = f"https://app.acme.com/{'long' * 60}"
    status, *written = labelled(path, "--url", url, "--sheet", "L7651")
    assert (status, [file.exists() for file in written]) == (2, [False, False])
    assert "use larger labels (--sheet) or a shorter address" in capsys.readouterr().err


def test_no_half_of_the_files_is_left_when_the_disk_is_full(
    path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path.write_text(LABEL_LIST)
    monkeypatch.setattr(labels, "document", full)
    status, *written = labelled(path, "--url", "https://app.acme.com")
    assert (status, [file.exists() for file in written]) == (2, [False, False])
    assert "cannot be written: No space left on device" in capsys.readouterr().err
