"""What Locust loads: the two kinds of users and, if a scenario is named, its shape.

`PORTAL_LOAD_SCENARIO` names one of `portal_load.scenarios.SCENARIOS`; without it the web page's own
number of users applies. `docs/load-testing.md` has the rest.
"""

from portal_load import recording, settings, shapes, storms, users

FagUser = users.FagUser
FinUser = users.FinUser

scenario = settings.scenario()
if scenario is not None:
    # Locust looks for classes among the names of this file.
    ScenarioShape = shapes.shape_of(scenario)
    if scenario.storm == "export":
        ExportStormUser = storms.ExportStormUser
    elif scenario.storm == "lock":
        LockStormUser = storms.LockStormUser

recording.listen()
