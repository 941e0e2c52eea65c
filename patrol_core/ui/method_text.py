"""Text of the page Method and responsible use; constants only."""

from __future__ import annotations

FEEDBACK = "Feedback"
SECTIONS: tuple[tuple[str, str], ...] = (
    (
        "What the plan is",
        """
A **zone security game**. Every zone *t* has a value $V_t$, the crime or harm expected there in a month. The planner chooses how often
each zone is covered, $x_t$ between 0 and 1, with at most $B$ units on patrol at once. A covered zone loses the share $e$ of its harm
while it is covered. An offender who has watched for a while knows how often each zone is covered, but not when, and goes where most is
left. The plan makes that worst zone as good as it can be, and among all such plans takes the one that leaves least harm in all zones.
Which zones are covered on a given night is drawn at random with exactly these shares, so that nobody can foresee it.

**Hours** are a second model: they divide a monthly budget over zones so that the demand met is largest, where each further hour in a
zone is worth less than the one before, $a_i \\ln(1 + X_i)$.
""",
    ),
    (
        "What it assumes",
        """
* Offenders react to patrols and choose the place. Much crime is not like that: it happens at home, online, or where people are.
* The effect of a patrol is the same everywhere and stays in the zone. Set *Effect of a patrol* below 1 to see how much rests on it.
* Units can be anywhere at once in their shares; travel, breaks and calls for service are not in the model.
* Coming months are like past ones: a seasonal average of the months chosen, or, where you plan for it, the forecast of the model that won on past months.
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
        """
* To decide about any person: whom to stop, search, visit or charge. There are no persons in the data, and zones are not people.
* As a reason for an individual stop. A high-risk zone is not grounds for suspicion.
* As evidence of what a neighbourhood is like.
* Without a person who decides, can say why, and answers for it. Record the decision, who took it, and what was changed from the plan.
""",
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
