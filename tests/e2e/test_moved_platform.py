"""A platform that retired a version: the operator names the new one in a file, and every process speaks it; a file
that does not fit stops every start.
"""

from pathlib import Path

from tests.e2e.commands import houselights
from tests.e2e.house import INSTAGRAM, house, until
from tests.e2e.processes import free_ports


async def test_a_version_that_the_operator_names_is_called_and_a_wrong_name_is_refused(
    dsn: str, tmp_path: Path
) -> None:
    overlays = tmp_path / "manifests"
    overlays.mkdir()
    (overlays / "instagram.toml").write_text('api_version = "v25.0"\n', encoding="utf-8")
    async with house(dsn, tmp_path, manifests_dir=str(overlays)) as home:
        account = await home.connect(0, INSTAGRAM)
        worker = await home.worker()

        async def is_read() -> bool:
            return (await home.refresh_of(account))["outcome"] == "DONE"

        await until(is_read)
        assert await worker.stop() == 0
        called = await home.paths_called(account.username)
        assert called
        assert [path for path in called if "v25.0" not in path] == []
        listed = await houselights("platform", "list", settings=home.settings)
        assert f"instagram: api_version as {overlays}/instagram.toml says" in listed.err

        (overlays / "instagram.toml").write_text('api_versoin = "v25.0"\n', encoding="utf-8")
        elsewhere = home.settings | {"port": str(free_ports())}
        for words in (("serve", "--role", "api"), ("worker",), ("platform", "list")):
            ended = await houselights(*words, settings=elsewhere)
            assert ended.status == 2
            said = ended.err.splitlines()[-1]
            assert str(overlays / "instagram.toml") in said
            assert "`api_versoin`" in said
            assert "Traceback" not in ended.err
