"""Text of the page Method and responsible use."""

from __future__ import annotations

from patrol_core.reports.plan_report import NOT_FOR

FEEDBACK = "Feedback"
SECTIONS: tuple[tuple[str, str], ...] = (
    (
        "What the plan is",
        """
**One plan, four questions.** *What we have*: $B$ units at once, or the same in hours a month (units × hours a day × 365/12), or in
officers. *What a patrol does*: a zone *t* has the value $V_t$, the crime or harm expected there in a month if nobody patrols; with $x_t$
units there on average, the share $s_t(x_t)$ of it is left. *Whom we plan against*: offenders who watch for a while know how much patrol
each zone gets, but not when, and go where most is left, so the plan makes the worst zone as good as can be, $\\min \\max_t V_t s_t(x_t)$,
and of all such plans takes the one that leaves least in all zones. Against crime that does not react it leaves least in all zones,
$\\min \\sum_t V_t s_t(x_t)$, and of such plans takes the best worst zone. Offenders who make mistakes, several kinds of them and uncertain
values stand between. *What must hold*: floors, caps, budgets of wards, fairness. Every plan shows both figures, worst zone and all zones.

**Response.** *Linear*: one unit prevents the share $e$ where it stands, and no zone takes more than one; the convention of security games.
*Several*: each unit prevents the share $e$ of what the others left, $(1-e)^j$ after $j$ units; 1.4 units means one on 60 % and two on 40 %
of nights, and what those nights leave on average is what is promised. *Diminishing*: the most a zone can take prevents $e$, and each
hour is worth less than the one before, $1 - e \\ln(1 + h x)/\\ln(1 + h u)$.

**Size of zones.** One unit does as much in every zone, or zones larger than the mean need more units ($k_t$, by area) for the same effect.
A target is a zone, so **worst zones compare only between plans on the same zones**: cut a zone in two and each half holds half the harm.
The worst density, $V_t s_t(x_t)/k_t$, stays as it is when zones are cut; the page *Compare* shows it per km².

Which zones are patrolled on a given night is drawn at random with exactly these averages, so that nobody can foresee it. Hours of the
coming months are the same model with each month's own expected harm.
""",
    ),
    (
        "What it assumes",
        """
* **The effect $e$ is an assumption, not a measurement**; studies of hot-spot patrol find modest effects, and an effect of 1 flatters every plan. Every figure stands beside it: see how much rests on it before you use one.
* Offenders react to patrols and choose the place, unless you plan for those who do not. Much crime is not like that: it happens at home, online, or where people are.
* The effect is the same everywhere and stays in the zone.
* Units can be anywhere at once in their shares; travel, breaks and calls for service are not in the model.
* Coming months are like past ones: a seasonal average of the months chosen, or, where you plan for it, the forecast of the model that won on past months.
* Where nobody knows who lives in the zones, fairness counts each zone once: figures are per zone, not per head.
* Every result is optimal **for this model only**. Its certificate (recomputed objective, proved bound, gap) says nothing about the world.
""",
    ),
    (
        "What the data cannot say",
        """
* Published places are **snap points**: the nearest of some 750,000 anonymised map points. Nothing here says where a crime happened, and
  zones smaller than the distance between snap points show the points, not crime.
* Dates are months. Hour of day, shift and repeat-offence analysis cannot honestly be made from them.
* A force that publishes nothing looks safe. Greater Manchester has published no crime since July 2019; single months of other forces are missing.
* Small-area codes changed between 2011 and 2021; rows whose code has no polygon are placed by point, and the page says how many.
* Residents are not the people present. In city centres rates per resident mislead.
* **Drugs and weapons possession** are recorded mainly where police already are. They are left out unless you switch them on, because
  counting them sends patrols back to where patrols were.
""",
    ),
    (
        "What is known about hot-spot patrol",
        """
* Braga and others (2019): 65 studies with 78 tests found small but significant reductions; where displacement was tested, benefits spread
  more often than crime moved.
* Koper (1995): stays of about 10 to 15 minutes, repeated unpredictably, were followed by less disorder than drive-throughs.
* Bedfordshire's Operation Rowan (2021) planned by small census areas, as this page does; its units were larger than in any trial before.
* Patrols also bring enforcement: the Home Office pilot on anti-social behaviour (2025) counted 1,298 arrests and 2,807 stop-searches in
  153,569 patrol hours. So patrol is **protection and burden**, and both are shown.
""",
    ),
    (
        FEEDBACK,
        """
Recorded crime follows patrols: more patrol, more records, more patrol. Leave patrol-generated offences out, compare plans made from
victim-reported types only, and look again after a change of plan before feeding its own records back. The page *Compare*, tab *Feedback
loop*, simulates it with numbers you can set. Leaving those offences out is the least one can do and not enough: what police find of
**all** types moves patrols too. Weighting records by the chance of being recorded removes most of it, as far as that chance is known.
""",
    ),
    (
        "Law and duties (England and Wales)",
        """
* **Equality Act 2010, section 149** (public sector equality duty): whoever uses a plan must consider its effect on people with protected
  characteristics, before and while using it. In *R (Bridges) v South Wales Police* [2020] EWCA Civ 1058 a force failed because it had not
  taken reasonable steps to learn whether its software was biased. Deprivation is not a protected characteristic.
* **Algorithmic Transparency Recording Standard**: public bodies record tools that influence decisions with public effect.
* **NPCC Covenant for Using AI in Policing** and the College of Policing's practice on data ethics and data-driven technologies.
""",
    ),
    (
        "What it may not be used for",
        "\n".join(f"* {text}" for text in NOT_FOR),
    ),
    (
        "Privacy and this server",
        """
Uploaded rows stay in the memory of this session, are shown to no other, and go a minute after its page is closed or loaded anew. Zone
shapes are served to this session's browser from memory, under a name nobody can guess. A trained forecast stays on disk: predictions by
zone, no rows. No usage statistics are sent anywhere.
Data: contains public sector information licensed under the Open Government Licence v3.0 where the source says so.
""",
    ),
)
