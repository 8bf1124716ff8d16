// Written by `npm run generate` from the types in coordinator/api/answers.ts.
import type { Operation } from '../answers.js';

type Schema = { readonly [keyword: string]: unknown };

/** JSON Schemas; `definitions` are referred to as #/components/schemas/NAME. */
export const answerSchemas: { readonly definitions: { readonly [name: string]: Schema }; readonly answers: { readonly [name in Operation]: Schema } } = {
 "definitions": {
  "Health": {
   "type": "object",
   "properties": {
    "status": {
     "type": "string",
     "const": "ok"
    },
    "version": {
     "type": "string"
    },
    "pid": {
     "type": "number"
    },
    "leading": {
     "type": "boolean",
     "description": "Whether this coordinator leads now."
    }
   },
   "required": [
    "status",
    "version",
    "pid",
    "leading"
   ]
  },
  "Me": {
   "type": "object",
   "properties": {
    "actor": {
     "type": "string",
     "description": "As events name them."
    },
    "role": {
     "$ref": "#/components/schemas/Role"
    },
    "rights": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/Right"
     }
    }
   },
   "required": [
    "actor",
    "role",
    "rights"
   ],
   "description": "Who asks."
  },
  "Role": {
   "type": "string",
   "enum": [
    "worker",
    "viewer",
    "operator",
    "admin"
   ]
  },
  "Right": {
   "type": "string",
   "enum": [
    "read",
    "steer",
    "getBlobs",
    "putBlobs",
    "work",
    "administer"
   ]
  },
  "Done": {
   "type": "object",
   "additionalProperties": {
    "not": {}
   },
   "description": "It was done; there is nothing to tell."
  },
  "LoginCode": {
   "type": "object",
   "properties": {
    "code": {
     "type": "string"
    },
    "expiresInMs": {
     "type": "number"
    }
   },
   "required": [
    "code",
    "expiresInMs"
   ]
  },
  "SweepCosts": {
   "type": "object",
   "properties": {
    "sweep": {
     "type": "string",
     "description": "Its id."
    },
    "trained": {
     "type": "object",
     "properties": {
      "epochs": {
       "type": "number"
      },
      "seconds": {
       "type": "number"
      }
     },
     "required": [
      "epochs",
      "seconds"
     ],
     "description": "Once for it; the time is that of training alone, summed over slots."
    },
    "saved": {
     "type": "object",
     "properties": {
      "epochs": {
       "type": "number"
      },
      "seconds": {
       "type": "number"
      }
     },
     "required": [
      "epochs",
      "seconds"
     ],
     "description": "What it would have cost more if no trial had shared any: with another of its own, or with a sweep before it."
    }
   },
   "required": [
    "sweep",
    "trained",
    "saved"
   ],
   "description": "What the epochs on a sweep's paths cost."
  },
  "LeaderboardView": {
   "type": "object",
   "properties": {
    "columns": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/ColumnView"
     },
     "description": "Those that were asked for, else the usual ones."
    },
    "available": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/ColumnView"
     },
     "description": "All that there are to show, sort and filter by."
    },
    "total": {
     "type": "number",
     "description": "Trials of the sweep, and those for which the filter holds."
    },
    "matching": {
     "type": "number"
    },
    "offset": {
     "type": "number"
    },
    "partial": {
     "type": "boolean",
     "description": "Whether columns are those of these trials alone: nothing of the others has been read."
    },
    "trials": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/LeaderboardRow"
     }
    }
   },
   "required": [
    "columns",
    "available",
    "total",
    "matching",
    "offset",
    "partial",
    "trials"
   ]
  },
  "ColumnView": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string"
    },
    "best": {
     "type": "string",
     "enum": [
      "high",
      "low"
     ],
     "description": "What is better: that is what a table sorted by it begins with."
    },
    "measured": {
     "type": "boolean",
     "description": "Whether it was measured in the trial's `metricsEpoch`."
    }
   },
   "required": [
    "name",
    "best",
    "measured"
   ]
  },
  "LeaderboardRow": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string"
    },
    "number": {
     "type": "number"
    },
    "state": {
     "$ref": "#/components/schemas/TrialState"
    },
    "place": {
     "type": [
      "number",
      "null"
     ],
     "description": "Among the completed trials, from 1; null for the others."
    },
    "failure": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/TrialFailure"
      },
      {
       "type": "null"
      }
     ]
    },
    "values": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/Json"
     },
     "description": "Of each column, in their order; null where the trial has none."
    }
   },
   "required": [
    "id",
    "number",
    "state",
    "place",
    "failure",
    "values"
   ]
  },
  "TrialState": {
   "type": "string",
   "enum": [
    "queued",
    "running",
    "paused",
    "completed",
    "pruned",
    "failed",
    "infeasible",
    "cancelled"
   ]
  },
  "TrialFailure": {
   "type": "object",
   "properties": {
    "class": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/OutcomeClass"
      },
      {
       "type": "string",
       "const": "Diverged"
      },
      {
       "type": "string",
       "const": "ModelError"
      }
     ]
    },
    "message": {
     "type": "string"
    }
   },
   "required": [
    "class",
    "message"
   ],
   "description": "Why a trial ended short of completion; null otherwise."
  },
  "OutcomeClass": {
   "type": "string",
   "enum": [
    "done",
    "released",
    "OutOfMemory",
    "TrainableError",
    "DataError",
    "WorkerLost",
    "Preempted",
    "Timeout",
    "DiskFull",
    "CheckpointLost",
    "DataLost"
   ],
   "description": "How an attempt ended. `done`: everything of the work was reported. `released`: given back at an epoch end on request (pause, stop, drain), with the last epoch's checkpoint saved. The others are failures with a rule each."
  },
  "Json": {
   "anyOf": [
    {
     "type": "null"
    },
    {
     "type": "boolean"
    },
    {
     "type": "number"
    },
    {
     "type": "string"
    },
    {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/Json"
     }
    },
    {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/components/schemas/Json"
     }
    }
   ]
  },
  "SeriesView": {
   "type": "object",
   "properties": {
    "metric": {
     "type": "string"
    },
    "direction": {
     "type": "string",
     "enum": [
      "maximize",
      "minimize"
     ]
    },
    "of": {
     "type": "number",
     "description": "Completed trials with a value, and those that go on since the sweep was extended, as they stood before."
    },
    "points": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/SeriesPoint"
     },
     "description": "In order of time: all of them, or as many as were asked for, taken evenly."
    },
    "best": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/SeriesPoint"
     },
     "description": "Each trial that was better than all before it; never thinned out. Floors and ceilings are kept to, where the objective has any."
    }
   },
   "required": [
    "metric",
    "direction",
    "of",
    "points",
    "best"
   ],
   "description": "The objective over time."
  },
  "SeriesPoint": {
   "type": "object",
   "properties": {
    "number": {
     "type": "number"
    },
    "id": {
     "type": "string"
    },
    "at": {
     "type": "string",
     "description": "When the trial ended."
    },
    "value": {
     "type": "number"
    },
    "goesOn": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "after": {
         "type": "number"
        },
        "of": {
         "type": "number"
        }
       },
       "required": [
        "after",
        "of"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of a trial that has gone on to more epochs since: its result after so many of those that it has now. Null of a completed one."
    }
   },
   "required": [
    "number",
    "id",
    "at",
    "value",
    "goesOn"
   ]
  },
  "CurvesView": {
   "type": "object",
   "properties": {
    "metric": {
     "type": "string"
    },
    "of": {
     "type": "number",
     "description": "Trials that were chosen from: those named, or those for which the filter holds."
    },
    "curves": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/CurveView"
     },
     "description": "The best ones first, at most as many as were asked for."
    }
   },
   "required": [
    "metric",
    "of",
    "curves"
   ]
  },
  "CurveView": {
   "type": "object",
   "properties": {
    "number": {
     "type": "number"
    },
    "id": {
     "type": "string"
    },
    "state": {
     "$ref": "#/components/schemas/TrialState"
    },
    "values": {
     "type": "array",
     "items": {
      "type": [
       "number",
       "null"
      ]
     },
     "description": "Of each recorded epoch, from 0; null where it was not measured."
    },
    "seconds": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "What each epoch took; a shared one was trained once."
    }
   },
   "required": [
    "number",
    "id",
    "state",
    "values",
    "seconds"
   ]
  },
  "PointsView": {
   "type": "object",
   "properties": {
    "columns": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/ColumnView"
     },
     "description": "Names of what `values` holds."
    },
    "of": {
     "type": "number"
    },
    "trials": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "number": {
        "type": "number"
       },
       "id": {
        "type": "string"
       },
       "state": {
        "$ref": "#/components/schemas/TrialState"
       },
       "rank": {
        "type": [
         "number",
         "null"
        ]
       },
       "values": {
        "type": "array",
        "items": {
         "$ref": "#/components/schemas/Json"
        }
       }
      },
      "required": [
       "number",
       "id",
       "state",
       "rank",
       "values"
      ]
     },
     "description": "Taken evenly over the leaderboard where there are more than were asked for, the best one always."
    }
   },
   "required": [
    "columns",
    "of",
    "trials"
   ],
   "description": "Trials as points over hyperparameters and objectives."
  },
  "FailuresView": {
   "type": "object",
   "properties": {
    "groups": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/FailureGroup"
     }
    }
   },
   "required": [
    "groups"
   ]
  },
  "FailureGroup": {
   "type": "object",
   "properties": {
    "class": {
     "type": "string"
    },
    "count": {
     "type": "number"
    },
    "example": {
     "type": "object",
     "properties": {
      "trial": {
       "type": "string"
      },
      "number": {
       "type": "number"
      },
      "message": {
       "type": "string"
      }
     },
     "required": [
      "trial",
      "number",
      "message"
     ],
     "description": "The last one."
    },
    "log": {
     "type": "string",
     "description": "The end of what its process printed; empty where nothing was kept."
    },
    "numbers": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "Numbers of some of them, the last first."
    }
   },
   "required": [
    "class",
    "count",
    "example",
    "log",
    "numbers"
   ],
   "description": "Failed and infeasible trials of one class."
  },
  "SpaceView": {
   "type": "object",
   "properties": {
    "axes": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/AxisView"
     },
     "description": "What the file's `space` names, in its order, then the model's defaults; what stands inside a choice stands in its values."
    },
    "best": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "number": {
         "type": "number"
        },
        "settings": {
         "type": "object",
         "additionalProperties": {
          "$ref": "#/components/schemas/Json"
         }
        }
       },
       "required": [
        "number",
        "settings"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of the completed trials; null where there is none."
    }
   },
   "required": [
    "axes",
    "best"
   ],
   "description": "What trials are made of."
  },
  "AxisView": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string"
    },
    "values": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/Json"
     },
     "description": "In their order; one alone is fixed. Of a range its two ends. A trial that names none of a list has the first."
    },
    "range": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "min": {
         "type": "number"
        },
        "max": {
         "type": "number"
        },
        "type": {
         "type": "string",
         "enum": [
          "int",
          "float"
         ]
        },
        "log": {
         "type": "boolean"
        }
       },
       "required": [
        "min",
        "max",
        "type",
        "log"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of numbers that are drawn; null for listed values."
    }
   },
   "required": [
    "name",
    "values",
    "range"
   ],
   "description": "A hyperparameter that a trial of one's own may be given."
  },
  "SlotTimeline": {
   "type": "object",
   "properties": {
    "from": {
     "type": "string"
    },
    "to": {
     "type": "string"
    },
    "attempts": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/SlotSpan"
     },
     "description": "In order of their beginning."
    },
    "more": {
     "type": "boolean",
     "description": "There were more: those are the latest."
    }
   },
   "required": [
    "from",
    "to",
    "attempts",
    "more"
   ],
   "description": "What slots were at between two times."
  },
  "SlotSpan": {
   "type": "object",
   "properties": {
    "attempt": {
     "type": "string"
    },
    "worker": {
     "type": "string",
     "description": "Id of the worker, and its name, which is the id where it is not known any more."
    },
    "name": {
     "type": "string"
    },
    "lane": {
     "type": "number",
     "description": "Which of the worker's slots, from 0, as far as times tell: attempts of one lane never overlap."
    },
    "kind": {
     "type": "string",
     "enum": [
      "train",
      "evaluate"
     ]
    },
    "sweeps": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "Names of the sweeps on whose behalf."
    },
    "from": {
     "type": "number",
     "description": "Epochs [from, to)."
    },
    "to": {
     "type": "number"
    },
    "outcome": {
     "type": [
      "string",
      "null"
     ],
     "description": "Null as long as it runs."
    },
    "startedAt": {
     "type": "string"
    },
    "endedAt": {
     "type": [
      "string",
      "null"
     ]
    }
   },
   "required": [
    "attempt",
    "worker",
    "name",
    "lane",
    "kind",
    "sweeps",
    "from",
    "to",
    "outcome",
    "startedAt",
    "endedAt"
   ],
   "description": "What a slot was at for a while."
  },
  "StagesView": {
   "type": "object",
   "properties": {
    "from": {
     "type": "number",
     "description": "Epochs before them."
    },
    "offset": {
     "type": "number"
    },
    "of": {
     "type": "number",
     "description": "How many there are."
    },
    "requested": {
     "type": "number",
     "description": "Epochs that their trials ask for from there on, shared ones once for each."
    },
    "stages": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/StageView"
     },
     "description": "Those with most trials first."
    }
   },
   "required": [
    "from",
    "offset",
    "of",
    "requested",
    "stages"
   ],
   "description": "Stages that follow on one, or the first ones. Trials that were cancelled, or ended before their first epoch, are not in the tree."
  },
  "StageView": {
   "type": "object",
   "properties": {
    "key": {
     "$ref": "#/components/schemas/EpochKey",
     "description": "Of its last epoch: the stages after it have it as their `parent`."
    },
    "from": {
     "type": "number"
    },
    "to": {
     "type": "number"
    },
    "state": {
     "type": "string",
     "enum": [
      "done",
      "leased",
      "waiting"
     ],
     "description": "Whether all of its epochs are recorded, a worker is at it, or neither."
    },
    "trials": {
     "type": "number",
     "description": "On whose paths it lies, and of those how many have come to which end, or run."
    },
    "done": {
     "type": "number"
    },
    "failed": {
     "type": "number"
    },
    "infeasible": {
     "type": "number"
    },
    "running": {
     "type": "number"
    },
    "ends": {
     "type": "number",
     "description": "Whose paths end with it, and some of their numbers, the lowest ones. Where all do, nothing follows on it."
    },
    "ending": {
     "type": "array",
     "items": {
      "type": "number"
     }
    },
    "saved": {
     "type": "number",
     "description": "Epochs that need not be trained as its trials share it."
    },
    "recorded": {
     "type": "number",
     "description": "Of its epochs, and what those took."
    },
    "seconds": {
     "type": "number"
    },
    "settings": {
     "$ref": "#/components/schemas/Assignment",
     "description": "Hyperparameters that differ in the sweep, in which all of its trials agree."
    },
    "attempts": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/StageAttempt"
     },
     "description": "Workers that are at it, and how many are at stages after it."
    },
    "attemptsBelow": {
     "type": "number"
    }
   },
   "required": [
    "key",
    "from",
    "to",
    "state",
    "trials",
    "done",
    "failed",
    "infeasible",
    "running",
    "ends",
    "ending",
    "saved",
    "recorded",
    "seconds",
    "settings",
    "attempts",
    "attemptsBelow"
   ],
   "description": "Epochs `from` to before `to`, which the paths of its trials have in common up to the next branch, or the end of one of them."
  },
  "EpochKey": {
   "type": "string",
   "description": "SHA-256 in lower-case hex, 64 characters: the name of one epoch of a trajectory."
  },
  "Assignment": {
   "type": "object",
   "additionalProperties": {
    "$ref": "#/components/schemas/Json"
   }
  },
  "StageAttempt": {
   "type": "object",
   "properties": {
    "attempt": {
     "type": "string"
    },
    "kind": {
     "type": "string",
     "enum": [
      "train",
      "evaluate"
     ]
    },
    "worker": {
     "type": "string"
    },
    "epoch": {
     "type": "number"
    }
   },
   "required": [
    "attempt",
    "kind",
    "worker",
    "epoch"
   ],
   "description": "A worker that is at an epoch of a stage."
  },
  "StreamMessage": {
   "anyOf": [
    {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/EventView"
     }
    },
    {
     "$ref": "#/components/schemas/EpochsMessage"
    },
    {
     "type": "object",
     "properties": {
      "at": {
       "type": "string"
      }
     },
     "required": [
      "at"
     ],
     "description": "Where nothing else happens."
    }
   ]
  },
  "EventView": {
   "type": "object",
   "properties": {
    "id": {
     "type": "number",
     "description": "Gapless, in order of commit."
    },
    "at": {
     "type": "string"
    },
    "actor": {
     "type": "string",
     "description": "Who caused it."
    },
    "type": {
     "type": "string",
     "description": "`sweep.paused`, `trial.completed`, `worker.draining`, ..."
    },
    "sweep": {
     "type": [
      "string",
      "null"
     ]
    },
    "trial": {
     "type": [
      "string",
      "null"
     ]
    },
    "detail": {
     "type": "object",
     "additionalProperties": {}
    }
   },
   "required": [
    "id",
    "at",
    "actor",
    "type",
    "sweep",
    "trial",
    "detail"
   ],
   "description": "What happened, as it is answered and told (event-feed.ts)."
  },
  "EpochsMessage": {
   "type": "object",
   "properties": {
    "seq": {
     "type": "number",
     "description": "Position of the last of them."
    },
    "sweeps": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "sweep": {
        "type": [
         "string",
         "null"
        ],
        "description": "Its id; null for epochs that no sweep wants any more."
       },
       "trained": {
        "type": "number"
       },
       "retrained": {
        "type": "number",
        "description": "Trained again to restore a state."
       }
      },
      "required": [
       "sweep",
       "trained",
       "retrained"
      ]
     }
    }
   },
   "required": [
    "seq",
    "sweeps"
   ],
   "description": "How many epochs were recorded since the message before."
  },
  "EventPage": {
   "type": "object",
   "properties": {
    "events": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/EventView"
     },
     "description": "Oldest first."
    },
    "next": {
     "type": [
      "number",
      "null"
     ],
     "description": "`after` of the next page; null where there is none."
    }
   },
   "required": [
    "events",
    "next"
   ],
   "description": "A page of the event log."
  },
  "SweepView": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string"
    },
    "name": {
     "type": "string"
    },
    "project": {
     "type": "string"
    },
    "revision": {
     "type": "number"
    },
    "state": {
     "$ref": "#/components/schemas/SweepState"
    },
    "createdAt": {
     "type": "string"
    },
    "finishedAt": {
     "type": [
      "string",
      "null"
     ]
    },
    "endedBy": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/BudgetEnd"
      },
      {
       "type": "null"
      }
     ],
     "description": "What of its budget ended it; null where nothing did."
    },
    "budget": {
     "$ref": "#/components/schemas/BudgetSpec"
    },
    "priority": {
     "type": "number",
     "description": "Running sweeps of a higher one are handed slots first."
    },
    "concurrency": {
     "type": [
      "number",
      "null"
     ],
     "description": "The most stages of it at once; null for no limit."
    },
    "objective": {
     "$ref": "#/components/schemas/ObjectiveSpec"
    },
    "replicates": {
     "type": "number",
     "description": "How often each assignment is trained."
    },
    "ensemble": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/EnsembleSpec"
      },
      {
       "type": "null"
      }
     ],
     "description": "Null where none is wanted, and for trainables without predictions."
    },
    "restoreBest": {
     "type": "boolean",
     "description": "Whether a trial's chosen epoch is its best one rather than its last."
    },
    "data": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/DataSummary"
      },
      {
       "type": "null"
      }
     ]
    },
    "warmStart": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/WarmStartView"
      },
      {
       "type": "null"
      }
     ],
     "description": "Null where its sampler began with nothing."
    },
    "onlyAsked": {
     "type": "boolean",
     "description": "Whether it was stopped, and runs only what a person has asked for since: its sampler proposes nothing."
    },
    "tags": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "What people find it by, in the order of their characters."
    }
   },
   "required": [
    "id",
    "name",
    "project",
    "revision",
    "state",
    "createdAt",
    "finishedAt",
    "endedBy",
    "budget",
    "priority",
    "concurrency",
    "objective",
    "replicates",
    "ensemble",
    "restoreBest",
    "data",
    "warmStart",
    "onlyAsked",
    "tags"
   ]
  },
  "SweepState": {
   "type": "string",
   "enum": [
    "running",
    "paused",
    "completed",
    "stopped",
    "failed"
   ]
  },
  "BudgetEnd": {
   "type": "string",
   "enum": [
    "wallClock",
    "epochs",
    "slotHours",
    "gpuHours",
    "target",
    "stagnation"
   ],
   "description": "What of its budget ended a sweep, by its name in the sweep file."
  },
  "BudgetSpec": {
   "type": "object",
   "properties": {
    "trials": {
     "type": [
      "number",
      "null"
     ]
    },
    "wallClockMs": {
     "type": [
      "number",
      "null"
     ],
     "description": "How long the sweep may run."
    },
    "epochs": {
     "type": "number",
     "description": "Epochs that are recorded for the first time, on its behalf."
    },
    "slotMs": {
     "type": "number",
     "description": "Time of its attempts, summed over slots."
    },
    "gpuMs": {
     "type": "number",
     "description": "The same, of a sweep that trains on GPUs."
    },
    "target": {
     "type": "number",
     "description": "Value of the objective that a completed trial reaches."
    },
    "stagnation": {
     "type": "number",
     "description": "Trials in a row that end without a better best."
    }
   },
   "required": [
    "trials",
    "wallClockMs"
   ],
   "description": "Each limit ends the sweep: what is trained is still evaluated, every other open trial is cancelled."
  },
  "ObjectiveSpec": {
   "type": "object",
   "properties": {
    "metric": {
     "type": "string"
    },
    "direction": {
     "type": "string",
     "enum": [
      "minimize",
      "maximize"
     ]
    },
    "others": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/Goal"
     },
     "description": "Further objectives, weighed against the first by the Pareto front."
    },
    "floors": {
     "type": "object",
     "additionalProperties": {
      "type": "number"
     },
     "description": "Metric name to the least value a trial must reach to be ranked before those that do not."
    },
    "ceilings": {
     "type": "object",
     "additionalProperties": {
      "type": "number"
     },
     "description": "Metric name to the largest value, above 0, that a trial may have."
    }
   },
   "required": [
    "direction",
    "floors",
    "metric"
   ],
   "description": "What is judged by where one number must do, and what a trial must keep to."
  },
  "Goal": {
   "type": "object",
   "properties": {
    "metric": {
     "type": "string"
    },
    "direction": {
     "type": "string",
     "enum": [
      "minimize",
      "maximize"
     ]
    }
   },
   "required": [
    "metric",
    "direction"
   ]
  },
  "EnsembleSpec": {
   "type": "object",
   "properties": {
    "rule": {
     "$ref": "#/components/schemas/EnsembleRule"
    },
    "maxMembers": {
     "type": "number",
     "description": "Most distinct trials."
    }
   },
   "required": [
    "rule",
    "maxMembers"
   ],
   "description": "How the completed trials become an ensemble."
  },
  "EnsembleRule": {
   "type": "string",
   "enum": [
    "greedy",
    "average",
    "vote"
   ],
   "description": "`greedy`: members and weights by selection with replacement. `average`: the best trials with equal weights. `vote`: the same trials, each with one vote for its most probable class."
  },
  "DataSummary": {
   "type": "object",
   "properties": {
    "manifest": {
     "$ref": "#/components/schemas/BlobId",
     "description": "Blob of the DataManifest, and the digest in it that enters keys."
    },
    "digest": {
     "type": "string"
    },
    "images": {
     "type": "number"
    },
    "classes": {
     "type": "array",
     "items": {
      "type": "string"
     }
    },
    "positive": {
     "type": "number",
     "description": "Label index of the positive class."
    },
    "counts": {
     "type": "object",
     "properties": {
      "train": {
       "type": "array",
       "items": {
        "type": "number"
       }
      },
      "val": {
       "type": "array",
       "items": {
        "type": "number"
       }
      },
      "test": {
       "type": "array",
       "items": {
        "type": "number"
       }
      }
     },
     "required": [
      "train",
      "val",
      "test"
     ]
    },
    "rejected": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "file": {
        "type": "string"
       },
       "why": {
        "type": "string"
       }
      },
      "required": [
       "file",
       "why"
      ]
     }
    },
    "warnings": {
     "type": "array",
     "items": {
      "type": "string"
     }
    }
   },
   "required": [
    "manifest",
    "digest",
    "images",
    "classes",
    "positive",
    "counts",
    "rejected",
    "warnings"
   ],
   "description": "What is known of a data set once it was read and split. Stored with the sweep."
  },
  "BlobId": {
   "type": "string",
   "description": "SHA-256 in lower-case hex, 64 characters: the name of stored bytes."
  },
  "WarmStartView": {
   "type": "object",
   "properties": {
    "from": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "Names of the sweeps."
    },
    "taken": {
     "type": "object",
     "additionalProperties": {
      "type": "number"
     },
     "description": "Trials by state."
    },
    "unfit": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "reason": {
        "type": "string"
       },
       "trials": {
        "type": "number"
       }
      },
      "required": [
       "reason",
       "trials"
      ]
     },
     "description": "Trials that do not fit the space, by why."
    }
   },
   "required": [
    "from",
    "taken",
    "unfit"
   ],
   "description": "What a sampler knows of other sweeps' trials before its first proposal."
  },
  "ProgressView": {
   "type": "object",
   "properties": {
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    },
    "trials": {
     "$ref": "#/components/schemas/TrialCounts"
    },
    "epochs": {
     "type": "object",
     "properties": {
      "total": {
       "type": "number",
       "description": "Distinct keys on the paths of all live trials, as far as they are known to go."
      },
      "recorded": {
       "type": "number"
      }
     },
     "required": [
      "total",
      "recorded"
     ]
    },
    "best": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/BestSoFar"
      },
      {
       "type": "null"
      }
     ],
     "description": "Of the completed trials, and of those that go on since the sweep was extended, as they stood before."
    },
    "running": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "worker": {
        "type": "string"
       },
       "attempt": {
        "type": "string"
       },
       "kind": {
        "type": "string",
        "enum": [
         "train",
         "evaluate"
        ]
       },
       "sweep": {
        "type": [
         "string",
         "null"
        ]
       },
       "trials": {
        "type": "array",
        "items": {
         "type": "number"
        },
        "description": "Numbers of the trials that wait for it."
       },
       "from": {
        "type": "number"
       },
       "to": {
        "type": "number"
       },
       "epoch": {
        "type": "number"
       },
       "step": {
        "type": "number"
       },
       "steps": {
        "type": "number"
       },
       "loss": {
        "type": [
         "number",
         "null"
        ],
        "description": "Null before the first step."
       },
       "runningMs": {
        "type": "number",
        "description": "Since a slot began it, or its leader took over."
       }
      },
      "required": [
       "attempt",
       "epoch",
       "from",
       "kind",
       "loss",
       "runningMs",
       "step",
       "steps",
       "sweep",
       "to",
       "trials",
       "worker"
      ]
     },
     "description": "Attempts in progress on its behalf."
    },
    "workers": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "name": {
        "type": "string"
       },
       "slots": {
        "type": "number"
       }
      },
      "required": [
       "name",
       "slots"
      ]
     }
    },
    "notice": {
     "type": [
      "string",
      "null"
     ],
     "description": "One line saying why nothing moves, where that needs a person."
    }
   },
   "required": [
    "sweep",
    "trials",
    "epochs",
    "best",
    "running",
    "workers",
    "notice"
   ]
  },
  "TrialCounts": {
   "type": "object",
   "properties": {
    "total": {
     "type": "number"
    },
    "done": {
     "type": "number"
    },
    "failed": {
     "type": "number"
    },
    "infeasible": {
     "type": "number",
     "description": "They need more memory than any box has, or their images are too small for their model."
    },
    "cancelled": {
     "type": "number",
     "description": "Ended by their sweep: its time was over, or it was stopped."
    },
    "running": {
     "type": "number"
    },
    "waiting": {
     "type": "number"
    }
   },
   "required": [
    "total",
    "done",
    "failed",
    "infeasible",
    "cancelled",
    "running",
    "waiting"
   ],
   "description": "Of the current revision. `done` counts completed and pruned trials."
  },
  "BestSoFar": {
   "type": "object",
   "properties": {
    "trial": {
     "type": "string"
    },
    "number": {
     "type": "number"
    },
    "value": {
     "type": [
      "number",
      "null"
     ]
    },
    "goesOn": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "after": {
         "type": "number"
        },
        "of": {
         "type": "number"
        }
       },
       "required": [
        "after",
        "of"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of a trial that goes on to more epochs: its result after so many of those that it has now. Null of a completed one."
    }
   },
   "required": [
    "trial",
    "number",
    "value",
    "goesOn"
   ]
  },
  "Results": {
   "type": "object",
   "properties": {
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    },
    "trials": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/TrialResult"
     },
     "description": "Best first; trials that have not completed follow in order of their numbers."
    },
    "requestedEpochs": {
     "type": "number",
     "description": "Epochs on all trials' paths as they ended."
    }
   },
   "required": [
    "sweep",
    "trials",
    "requestedEpochs"
   ]
  },
  "TrialResult": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string"
    },
    "number": {
     "type": "number"
    },
    "replicate": {
     "type": "number",
     "description": "Which one of the trials with these settings, from 0."
    },
    "state": {
     "$ref": "#/components/schemas/TrialState"
    },
    "settings": {
     "$ref": "#/components/schemas/Assignment"
    },
    "epochs": {
     "type": "number",
     "description": "Length of its path as it ended; as far as it has come while it is open."
    },
    "plannedEpochs": {
     "type": "number"
    },
    "bestEpoch": {
     "type": [
      "number",
      "null"
     ],
     "description": "The chosen one, from 0; null where it has not completed."
    },
    "metricsEpoch": {
     "type": [
      "number",
      "null"
     ],
     "description": "Whose metrics these are, from 0: the chosen epoch, else the last one that was reported; null where there is none."
    },
    "params": {
     "type": "number"
    },
    "secondsPerEpoch": {
     "type": [
      "number",
      "null"
     ],
     "description": "Mean over its recorded epochs."
    },
    "train": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/TrainMetrics"
      },
      {
       "type": "null"
      }
     ]
    },
    "val": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/PartMetrics"
      },
      {
       "type": "null"
      }
     ]
    },
    "test": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/PartMetrics"
      },
      {
       "type": "null"
      }
     ],
     "description": "Only where the caller asked for test numbers."
    },
    "metrics": {
     "type": "object",
     "additionalProperties": {
      "type": "number"
     },
     "description": "Everything that epoch reported, by metric name."
    },
    "objective": {
     "type": [
      "number",
      "null"
     ],
     "description": "Value of the objective's metric; null where it was not reported."
    },
    "objectives": {
     "type": "array",
     "items": {
      "type": [
       "number",
       "null"
      ]
     },
     "description": "Value of each objective, the first one's first."
    },
    "rank": {
     "type": [
      "number",
      "null"
     ],
     "description": "Of several objectives: 1 on the Pareto front, 2 on the front without it, and so on; null for one objective, and where a floor or ceiling is missed."
    },
    "mean": {
     "type": [
      "number",
      "null"
     ],
     "description": "Of the objective over the completed replicates of its settings: mean, and sample standard deviation (null of fewer than two). Null where the trial was read by itself, and where a value is missing."
    },
    "spread": {
     "type": [
      "number",
      "null"
     ]
    },
    "shortfall": {
     "type": [
      "number",
      "null"
     ],
     "description": "By how much it falls short of the objective's floors or exceeds its ceilings, summed; 0 where it keeps to them; null where one was not measured."
    },
    "failure": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/TrialFailure"
      },
      {
       "type": "null"
      }
     ]
    }
   },
   "required": [
    "id",
    "number",
    "replicate",
    "state",
    "settings",
    "epochs",
    "plannedEpochs",
    "bestEpoch",
    "metricsEpoch",
    "params",
    "secondsPerEpoch",
    "train",
    "val",
    "test",
    "metrics",
    "objective",
    "objectives",
    "rank",
    "mean",
    "spread",
    "shortfall",
    "failure"
   ]
  },
  "TrainMetrics": {
   "type": "object",
   "properties": {
    "loss": {
     "type": [
      "number",
      "null"
     ]
    },
    "accuracy": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "loss",
    "accuracy"
   ]
  },
  "PartMetrics": {
   "type": "object",
   "properties": {
    "loss": {
     "type": [
      "number",
      "null"
     ]
    },
    "accuracy": {
     "type": [
      "number",
      "null"
     ]
    },
    "auc": {
     "type": [
      "number",
      "null"
     ]
    },
    "f1": {
     "type": [
      "number",
      "null"
     ],
     "description": "Of the positive class where there are two classes, else the macro mean."
    },
    "confusion": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/Confusion"
      },
      {
       "type": "null"
      }
     ],
     "description": "Counts of images, confusion[true][predicted]."
    }
   },
   "required": [
    "loss",
    "accuracy",
    "auc",
    "f1",
    "confusion"
   ]
  },
  "Confusion": {
   "type": "array",
   "items": {
    "type": "array",
    "items": {
     "type": "number"
    }
   }
  },
  "ImportanceView": {
   "type": "object",
   "properties": {
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    },
    "metric": {
     "type": "string"
    },
    "trials": {
     "type": "number",
     "description": "How many trials it was measured on, of how many that have completed with a value."
    },
    "of": {
     "type": "number"
    },
    "alone": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "name": {
        "type": "string"
       },
       "share": {
        "type": "number"
       },
       "spread": {
        "type": "number"
       }
      },
      "required": [
       "name",
       "share",
       "spread"
      ]
     },
     "description": "Share of the variance in [0, 1] that each hyperparameter explains by itself, and its standard deviation over the trees; largest first."
    },
    "together": {
     "type": "number",
     "description": "Share that only several together explain."
    }
   },
   "required": [
    "sweep",
    "metric",
    "trials",
    "of",
    "alone",
    "together"
   ],
   "description": "Of one metric over the space, as fANOVA measures it on the completed trials."
  },
  "CostView": {
   "type": "object",
   "properties": {
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    },
    "trials": {
     "type": "object",
     "additionalProperties": {
      "type": "number"
     },
     "description": "By state; those that have not ended are `open`."
    },
    "epochs": {
     "type": "object",
     "properties": {
      "planned": {
       "type": "number",
       "description": "On all trials' paths as they were planned."
      },
      "pruned": {
       "type": "number",
       "description": "Not trained because a pruner ended the trial; because it stopped early; because it failed, was cancelled or has not ended."
      },
      "stopped": {
       "type": "number"
      },
      "unfinished": {
       "type": "number"
      },
      "requested": {
       "type": "number",
       "description": "On all trials' paths as far as they went."
      },
      "shared": {
       "type": "number",
       "description": "Of those, trained once for several trials; in the store before the sweep; trained for it."
      },
      "before": {
       "type": "number"
      },
      "trained": {
       "type": "number"
      },
      "beyond": {
       "type": "number",
       "description": "Beside all of these: trained past where its trials ended, as a pruner ended them afterwards; trained again to restore a state."
      },
      "retrained": {
       "type": "number"
      }
     },
     "required": [
      "planned",
      "pruned",
      "stopped",
      "unfinished",
      "requested",
      "shared",
      "before",
      "trained",
      "beyond",
      "retrained"
     ]
    },
    "seconds": {
     "type": "object",
     "properties": {
      "trained": {
       "type": "number"
      },
      "beyond": {
       "type": "number"
      },
      "saved": {
       "type": "number"
      }
     },
     "required": [
      "trained",
      "beyond",
      "saved"
     ],
     "description": "What the trained epochs took, those past an end, and what the shared ones and those from before would have taken."
    },
    "values": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/CostOfValue"
     },
     "description": "Of each hyperparameter that differs between trials."
    }
   },
   "required": [
    "sweep",
    "trials",
    "epochs",
    "seconds",
    "values"
   ],
   "description": "Where a sweep's epochs went. planned = pruned + stopped + unfinished + requested; requested = shared + before + trained."
  },
  "CostOfValue": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string"
    },
    "value": {
     "type": [
      "string",
      "number"
     ],
     "description": "A range of values where there are many: `0.001 to 0.0026`."
    },
    "epochs": {
     "type": "number",
     "description": "Trained for this sweep; an epoch that trials share counts for the first of them."
    },
    "seconds": {
     "type": "number"
    }
   },
   "required": [
    "name",
    "value",
    "epochs",
    "seconds"
   ],
   "description": "What one value of a hyperparameter cost."
  },
  "EnsembleView": {
   "type": "object",
   "properties": {
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    },
    "rule": {
     "$ref": "#/components/schemas/EnsembleRule"
    },
    "maximised": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "metric": {
         "type": "string"
        },
        "direction": {
         "type": "string",
         "enum": [
          "maximize",
          "minimize"
         ]
        }
       },
       "required": [
        "metric",
        "direction"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "What members were chosen by; null where the rule takes the best trials."
    },
    "selection": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "rounds": {
         "type": "number",
         "description": "So many rounds of the path are the ensemble: what came after them was no better."
        },
        "path": {
         "type": "array",
         "items": {
          "type": "object",
          "properties": {
           "number": {
            "type": "number"
           },
           "members": {
            "type": "number"
           },
           "value": {
            "type": [
             "number",
             "null"
            ]
           }
          },
          "required": [
           "number",
           "members",
           "value"
          ]
         },
         "description": "Number of the trial that each round added, distinct members by then, and what they score together by `maximised` (null where that is no number)."
        }
       },
       "required": [
        "rounds",
        "path"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "How rule greedy came to it; null for other rules."
    },
    "candidates": {
     "type": "number",
     "description": "Distinct completed trials that it was chosen from."
    },
    "members": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/EnsembleMember"
     },
     "description": "Heaviest first."
    },
    "threshold": {
     "type": [
      "number",
      "null"
     ],
     "description": "Least probability of the positive class that is called positive; null where there are more than two classes."
    },
    "val": {
     "$ref": "#/components/schemas/PartMetrics"
    },
    "test": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/PartMetrics"
      },
      {
       "type": "null"
      }
     ],
     "description": "Null where there is no test part."
    },
    "objective": {
     "$ref": "#/components/schemas/PartValues",
     "description": "What the sweep's objective measures, on each part, where it is none of these and predictions tell it."
    },
    "single": {
     "type": "object",
     "properties": {
      "trial": {
       "type": "string"
      },
      "number": {
       "type": "number"
      },
      "val": {
       "anyOf": [
        {
         "$ref": "#/components/schemas/PartMetrics"
        },
        {
         "type": "null"
        }
       ]
      },
      "test": {
       "anyOf": [
        {
         "$ref": "#/components/schemas/PartMetrics"
        },
        {
         "type": "null"
        }
       ]
      },
      "objective": {
       "$ref": "#/components/schemas/PartValues"
      },
      "probabilities": {
       "type": "object",
       "properties": {
        "val": {
         "$ref": "#/components/schemas/BlobId"
        },
        "test": {
         "anyOf": [
          {
           "$ref": "#/components/schemas/BlobId"
          },
          {
           "type": "null"
          }
         ]
        }
       },
       "required": [
        "val",
        "test"
       ],
       "description": "Of the parts' images in manifest order, float32 [images, classes]; null where there is no test part."
      }
     },
     "required": [
      "trial",
      "number",
      "val",
      "test",
      "objective",
      "probabilities"
     ],
     "description": "The best single trial, for comparison."
    }
   },
   "required": [
    "sweep",
    "rule",
    "maximised",
    "selection",
    "candidates",
    "members",
    "threshold",
    "val",
    "test",
    "objective",
    "single"
   ]
  },
  "EnsembleMember": {
   "type": "object",
   "properties": {
    "trial": {
     "type": "string"
    },
    "number": {
     "type": "number"
    },
    "weight": {
     "type": "number",
     "description": "Above 0; all together 1."
    },
    "settings": {
     "$ref": "#/components/schemas/Assignment"
    },
    "epoch": {
     "type": "number",
     "description": "The chosen one, from 0, and its key."
    },
    "key": {
     "$ref": "#/components/schemas/EpochKey"
    },
    "trajectory": {
     "$ref": "#/components/schemas/ClassifierTrajectory"
    },
    "checkpoint": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/BlobId"
      },
      {
       "type": "null"
      }
     ],
     "description": "Null where it is not kept."
    },
    "probabilities": {
     "type": "object",
     "properties": {
      "val": {
       "$ref": "#/components/schemas/BlobId"
      },
      "test": {
       "anyOf": [
        {
         "$ref": "#/components/schemas/BlobId"
        },
        {
         "type": "null"
        }
       ]
      }
     },
     "required": [
      "val",
      "test"
     ],
     "description": "Of the parts' images in manifest order, float32 [images, classes]; null where there is no test part."
    },
    "params": {
     "type": "number"
    },
    "val": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/PartMetrics"
      },
      {
       "type": "null"
      }
     ]
    }
   },
   "required": [
    "trial",
    "number",
    "weight",
    "settings",
    "epoch",
    "key",
    "trajectory",
    "checkpoint",
    "probabilities",
    "params",
    "val"
   ]
  },
  "ClassifierTrajectory": {
   "anyOf": [
    {
     "$ref": "#/components/schemas/ImageTrajectory"
    },
    {
     "$ref": "#/components/schemas/ClassicalTrajectory"
    }
   ],
   "description": "Of a trainable that has images and predicts their classes."
  },
  "ImageTrajectory": {
   "type": "object",
   "properties": {
    "format": {
     "type": "number"
    },
    "trainable": {
     "type": "string",
     "const": "image-classifier"
    },
    "version": {
     "type": "number",
     "description": "Of the built-in trainable: raised with every change that moves numbers."
    },
    "numerics": {
     "type": "string",
     "description": "What decides the last bits: executor, kernel digest, plain or fused, device kind."
    },
    "data": {
     "type": "string",
     "description": "Digest of the data set's content: images, labels and parts, not names (DataManifest.digest)."
    },
    "classes": {
     "type": "number"
    },
    "input": {
     "$ref": "#/components/schemas/ImageInput"
    },
    "model": {
     "$ref": "#/components/schemas/ModelChoice"
    },
    "optimizer": {
     "$ref": "#/components/schemas/OptimizerChoice"
    },
    "loss": {
     "type": "string",
     "const": "softmaxCrossEntropy"
    },
    "initSeed": {
     "type": "number",
     "description": "Initial weights draw from (initSeed, replicate)."
    },
    "replicate": {
     "type": "number"
    },
    "salt": {
     "type": [
      "number",
      "null"
     ],
     "description": "The trial's number under --no-sharing, else null. Enters the key, never a seed."
    }
   },
   "required": [
    "format",
    "trainable",
    "version",
    "numerics",
    "data",
    "classes",
    "input",
    "model",
    "optimizer",
    "loss",
    "initSeed",
    "replicate",
    "salt"
   ],
   "description": "All that determines an image classifier's trajectory before its first epoch: hashed whole into key(-1)."
  },
  "ImageInput": {
   "type": "object",
   "properties": {
    "height": {
     "type": "number"
    },
    "width": {
     "type": "number"
    },
    "channels": {
     "type": "number",
     "enum": [
      1,
      3
     ]
    },
    "resize": {
     "type": "string",
     "enum": [
      "stretch",
      "pad",
      "crop"
     ],
     "description": "How other aspect ratios become the input's: distort, letter-box with black, or cut the centre."
    },
    "crop": {
     "$ref": "#/components/schemas/Region",
     "description": "What is cut out of an image before it is resized; absent for the whole."
    },
    "normalisation": {
     "anyOf": [
      {
       "type": "string",
       "const": "scale"
      },
      {
       "type": "string",
       "const": "zerocenter"
      },
      {
       "type": "string",
       "const": "standardise"
      },
      {
       "$ref": "#/components/schemas/PretrainedNormalisation"
      }
     ],
     "description": "`scale`: v / 255. `zerocenter`: v / 255 minus the mean image of the training part (per element). `standardise`: (v / 255 - mean) / deviation per channel over the training part. The others are those of pretrained weights, with constants (proto/normalisations.ts)."
    }
   },
   "required": [
    "height",
    "width",
    "channels",
    "resize",
    "normalisation"
   ],
   "description": "What the network sees of an image: `height` x `width` pixels, `channels` values each."
  },
  "Region": {
   "anyOf": [
    {
     "$ref": "#/components/schemas/BoxRegion"
    },
    {
     "$ref": "#/components/schemas/MaskRegion"
    }
   ]
  },
  "BoxRegion": {
   "type": "object",
   "properties": {
    "box": {
     "$ref": "#/components/schemas/Box"
    }
   },
   "required": [
    "box"
   ],
   "description": "One box for every image."
  },
  "Box": {
   "type": "array",
   "items": {
    "type": "number"
   },
   "minItems": 4,
   "maxItems": 4,
   "description": "[x, y, width, height] of an image, as shares of its width and height from its upper left corner."
  },
  "MaskRegion": {
   "type": "object",
   "properties": {
    "masks": {
     "type": "object",
     "properties": {
      "margin": {
       "type": "number"
      }
     },
     "required": [
      "margin"
     ]
    }
   },
   "required": [
    "masks"
   ],
   "description": "Of each image its own box (DataFile.box): that of its mask, and `margin` of its sides more on each side."
  },
  "PretrainedNormalisation": {
   "type": "string",
   "enum": [
    "tf",
    "torch",
    "caffe",
    "lite"
   ]
  },
  "ModelChoice": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string",
     "description": "A name of the zoo, or `module` for a model of the user's own."
    },
    "knobs": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/components/schemas/Json"
     },
     "description": "Structure only (filters, fcWidth); rates that may change by epoch stand in EpochSettings."
    },
    "head": {
     "type": "string",
     "const": "sigmoid",
     "description": "One unit with a sigmoid and binary cross-entropy, for two classes; absent for a unit per class with softmax."
    },
    "topology": {
     "$ref": "#/components/schemas/Topology",
     "description": "Of a module, whole: what it built where the sweep was submitted. So nobody else runs its code, and the key says what is trained rather than how it was written; `knobs` is empty then."
    },
    "transfer": {
     "$ref": "#/components/schemas/Transfer",
     "description": "Absent for a model that begins with weights drawn by its initializers."
    }
   },
   "required": [
    "name",
    "knobs"
   ]
  },
  "Topology": {
   "type": "object",
   "properties": {
    "class_name": {
     "type": "string",
     "enum": [
      "Sequential",
      "Model",
      "Functional"
     ]
    },
    "config": {
     "type": "object",
     "properties": {
      "name": {
       "type": "string"
      },
      "layers": {
       "type": "array",
       "items": {
        "$ref": "#/components/schemas/LayerConfig"
       }
      },
      "input_layers": {
       "$ref": "#/components/schemas/Json",
       "description": "Of a functional model: [[layer, 0, 0]]."
      },
      "output_layers": {
       "$ref": "#/components/schemas/Json"
      }
     },
     "required": [
      "name",
      "layers"
     ]
    }
   },
   "required": [
    "class_name",
    "config"
   ],
   "description": "A model as tf.layers serialises it (`model.toJSON`): a Sequential of layers, or a functional model (`Model` in tf.layers and Keras 2, `Functional` in Keras since), with class names and configurations in Keras' words. Built-in models write it directly, so a training child needs no TensorFlow.js; a test loads each into tf.layers and compares outputs and gradients."
  },
  "LayerConfig": {
   "type": "object",
   "properties": {
    "class_name": {
     "type": "string"
    },
    "config": {
     "type": "object",
     "properties": {
      "name": {
       "type": "string"
      }
     },
     "required": [
      "name"
     ]
    },
    "position": {
     "type": "number",
     "description": "Of a part of a model: the layer's position in the whole, from which its seeds draw."
    },
    "inbound_nodes": {
     "$ref": "#/components/schemas/Json",
     "description": "Of a functional model: the layers that this one takes."
    }
   },
   "required": [
    "class_name",
    "config"
   ]
  },
  "Transfer": {
   "type": "object",
   "properties": {
    "weights": {
     "$ref": "#/components/schemas/BlobId",
     "description": "The base's weights, as safetensors: LAYER/kernel and so on, in Keras' layouts."
    },
    "cutAt": {
     "type": [
      "string",
      "null"
     ],
     "description": "The base's last layer; null for the one before the last global pooling or flattening."
    },
    "pooling": {
     "type": "string",
     "enum": [
      "average",
      "flatten"
     ]
    },
    "hidden": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "Neurons of the head's dense layers, each with ReLU."
    }
   },
   "required": [
    "weights",
    "cutAt",
    "pooling",
    "hidden"
   ],
   "description": "What makes a model of one that was trained elsewhere: its layers up to a cut are the base, and a head of its own follows."
  },
  "OptimizerChoice": {
   "anyOf": [
    {
     "type": "object",
     "properties": {
      "ema": {
       "type": "number",
       "description": "Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and statistics of batch norms are theirs. In (0, 1); absent for none."
      },
      "name": {
       "type": "string",
       "const": "sgd"
      }
     },
     "required": [
      "name"
     ]
    },
    {
     "type": "object",
     "properties": {
      "ema": {
       "type": "number",
       "description": "Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and statistics of batch norms are theirs. In (0, 1); absent for none."
      },
      "name": {
       "type": "string",
       "const": "sgdm"
      },
      "momentum": {
       "type": "number"
      }
     },
     "required": [
      "momentum",
      "name"
     ]
    },
    {
     "type": "object",
     "properties": {
      "ema": {
       "type": "number",
       "description": "Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and statistics of batch norms are theirs. In (0, 1); absent for none."
      },
      "name": {
       "type": "string",
       "const": "nesterov"
      },
      "momentum": {
       "type": "number"
      }
     },
     "required": [
      "momentum",
      "name"
     ]
    },
    {
     "type": "object",
     "properties": {
      "ema": {
       "type": "number",
       "description": "Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and statistics of batch norms are theirs. In (0, 1); absent for none."
      },
      "name": {
       "type": "string",
       "const": "rmsprop"
      },
      "rho": {
       "type": "number"
      },
      "epsilon": {
       "type": "number"
      }
     },
     "required": [
      "epsilon",
      "name",
      "rho"
     ]
    },
    {
     "type": "object",
     "properties": {
      "ema": {
       "type": "number",
       "description": "Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and statistics of batch norms are theirs. In (0, 1); absent for none."
      },
      "name": {
       "type": "string",
       "const": "adam"
      },
      "beta1": {
       "type": "number"
      },
      "beta2": {
       "type": "number"
      },
      "epsilon": {
       "type": "number"
      }
     },
     "required": [
      "beta1",
      "beta2",
      "epsilon",
      "name"
     ]
    },
    {
     "type": "object",
     "properties": {
      "ema": {
       "type": "number",
       "description": "Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and statistics of batch norms are theirs. In (0, 1); absent for none."
      },
      "name": {
       "type": "string",
       "const": "adamw"
      },
      "beta1": {
       "type": "number"
      },
      "beta2": {
       "type": "number"
      },
      "epsilon": {
       "type": "number"
      },
      "weightDecay": {
       "type": "number"
      }
     },
     "required": [
      "beta1",
      "beta2",
      "epsilon",
      "name",
      "weightDecay"
     ]
    }
   ]
  },
  "ClassicalTrajectory": {
   "type": "object",
   "properties": {
    "format": {
     "type": "number"
    },
    "trainable": {
     "type": "string",
     "const": "classical"
    },
    "version": {
     "type": "number",
     "description": "Raised with every change that moves numbers."
    },
    "numerics": {
     "type": "string",
     "description": "Of plain JavaScript, and the decoder of the images."
    },
    "data": {
     "type": "string",
     "description": "As an image classifier's, and so are `classes` and `input`."
    },
    "classes": {
     "type": "number"
    },
    "input": {
     "$ref": "#/components/schemas/ImageInput"
    },
    "model": {
     "$ref": "#/components/schemas/ClassicalChoice"
    },
    "seed": {
     "type": "number",
     "description": "What is drawn draws from (seed, replicate)."
    },
    "replicate": {
     "type": "number"
    },
    "salt": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "format",
    "trainable",
    "version",
    "numerics",
    "data",
    "classes",
    "input",
    "model",
    "seed",
    "replicate",
    "salt"
   ],
   "description": "All that determines a classical model, which is fitted in one epoch: hashed whole into key(-1)."
  },
  "ClassicalChoice": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string"
    },
    "knobs": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/components/schemas/Json"
     }
    }
   },
   "required": [
    "name",
    "knobs"
   ],
   "description": "A classical model of the zoo and all that it is told."
  },
  "PartValues": {
   "type": "object",
   "properties": {
    "val": {
     "type": [
      "number",
      "null"
     ]
    },
    "test": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "val",
    "test"
   ],
   "description": "One number of each part; null where it was not measured."
  },
  "Recorded": {
   "type": "object",
   "properties": {
    "trained": {
     "type": "number"
    },
    "retrained": {
     "type": "number"
    }
   },
   "required": [
    "trained",
    "retrained"
   ],
   "description": "How many epochs were recorded since a point in the store's sequence."
  },
  "SweepFileView": {
   "type": "object",
   "properties": {
    "text": {
     "type": "string"
    }
   },
   "required": [
    "text"
   ]
  },
  "NoteView": {
   "type": "object",
   "properties": {
    "text": {
     "type": "string",
     "description": "Empty where there is none."
    },
    "version": {
     "type": "number",
     "description": "Counts how often it was written; 0 before anybody did."
    },
    "editedAt": {
     "type": [
      "string",
      "null"
     ]
    },
    "editedBy": {
     "type": [
      "string",
      "null"
     ]
    }
   },
   "required": [
    "text",
    "version",
    "editedAt",
    "editedBy"
   ],
   "description": "What people wrote about a sweep, as plain text."
  },
  "RecordingsEnd": {
   "type": "object",
   "properties": {
    "seq": {
     "type": "number",
     "description": "Of the last epoch that was recorded."
    }
   },
   "required": [
    "seq"
   ]
  },
  "SweepComparison": {
   "type": "object",
   "properties": {
    "sweeps": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/SweepView"
     }
    },
    "fields": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "name": {
        "type": "string"
       },
       "values": {
        "type": "array",
        "items": {
         "type": [
          "string",
          "null"
         ]
        }
       }
      },
      "required": [
       "name",
       "values"
      ]
     },
     "description": "Fields of their files, in the files' order; of each what every sweep says, null where it says nothing."
    }
   },
   "required": [
    "sweeps",
    "fields"
   ],
   "description": "Sweeps side by side."
  },
  "Preview": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string"
    },
    "trials": {
     "type": "number",
     "description": "Known before it runs."
    },
    "proposed": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "most": {
         "type": [
          "number",
          "null"
         ]
        }
       },
       "required": [
        "most"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of trials that are proposed while it runs, the most there will be (null for no limit); null where all are known before."
    },
    "epochs": {
     "type": "object",
     "properties": {
      "requested": {
       "type": "number",
       "description": "On all trials' paths."
      },
      "distinct": {
       "type": "number",
       "description": "Distinct keys: what is trained after sharing."
      },
      "stored": {
       "type": "number",
       "description": "Of those, in the store already."
      },
      "again": {
       "type": "number",
       "description": "Of the stored, to be trained again: the state at their end is needed and was not kept."
      },
      "budget": {
       "type": [
        "number",
        "null"
       ],
       "description": "Of new ones, as many as the budget lets the sweep train; null for no limit."
      }
     },
     "required": [
      "requested",
      "distinct",
      "stored",
      "again",
      "budget"
     ]
    },
    "existing": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "id": {
         "type": "string"
        },
        "revision": {
         "type": "number"
        },
        "state": {
         "$ref": "#/components/schemas/SweepState"
        },
        "numerics": {
         "type": [
          "string",
          "null"
         ],
         "description": "Of its trials; null where it has none."
        }
       },
       "required": [
        "id",
        "revision",
        "state",
        "numerics"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Null where there is no sweep of this name yet."
    },
    "standing": {
     "type": "string",
     "enum": [
      "new",
      "same",
      "revised",
      "kept",
      "conflict"
     ],
     "description": "`new`: there is no sweep of this name. `same`: it says what the sweep says. `revised`: it makes a new revision. `kept`: the file has not changed since it was last submitted, commands have changed the sweep since, and that stays. `conflict`: both have changed, and it is refused unless `replace` is said."
    },
    "differences": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "What is changed, a line each: in the existing sweep, or, in a conflict, in the file since it was last submitted."
    },
    "commands": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "What commands have changed since the file was last submitted; only where it is kept or in conflict."
    },
    "carried": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "kept": {
         "type": "number"
        },
        "goOn": {
         "type": "number"
        },
        "fresh": {
         "type": "number"
        },
        "dropped": {
         "type": "number"
        }
       },
       "required": [
        "kept",
        "goOn",
        "fresh",
        "dropped"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of a revision: trials that stay as they are, that go on in another form (longer, say), that are new, and that are no part of the sweep any more. Null for all else."
    },
    "warmStart": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/WarmStartView"
      },
      {
       "type": "null"
      }
     ],
     "description": "Of the sweep as it would then be; null for none."
    },
    "work": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/WorkGroup"
     },
     "description": "Empty for a trainable without a model."
    }
   },
   "required": [
    "name",
    "trials",
    "proposed",
    "epochs",
    "existing",
    "standing",
    "differences",
    "commands",
    "carried",
    "warmStart",
    "work"
   ],
   "description": "What a submission would mean, with nothing written."
  },
  "WorkGroup": {
   "type": "object",
   "properties": {
    "trajectory": {
     "$ref": "#/components/schemas/ImageTrajectory"
    },
    "settings": {
     "$ref": "#/components/schemas/EpochSettings"
    },
    "epochs": {
     "type": "number"
    }
   },
   "required": [
    "trajectory",
    "settings",
    "epochs"
   ],
   "description": "Epochs of one kind that are still to be trained: what a time estimate is made from."
  },
  "EpochSettings": {
   "anyOf": [
    {
     "$ref": "#/components/schemas/ImageEpochSettings"
    },
    {
     "$ref": "#/components/schemas/ClassicalEpochSettings"
    },
    {
     "$ref": "#/components/schemas/SyntheticEpochSettings"
    }
   ]
  },
  "ImageEpochSettings": {
   "type": "object",
   "properties": {
    "lr": {
     "type": "number",
     "description": "Rounded to float32. Step s of n takes lrFrom + (lr - lrFrom) * (s + 1) / n, counting from 0."
    },
    "lrFrom": {
     "type": "number",
     "description": "Equal to `lr` but in a warm-up and in one cycle. Rounded to float32."
    },
    "plateau": {
     "$ref": "#/components/schemas/PlateauRule",
     "description": "What reduces `lr` from the first epoch on that has it; absent where nothing does."
    },
    "batch": {
     "type": "number"
    },
    "accumulate": {
     "type": "number",
     "description": "From 1 to `batch`: a step's images go through the network in so many parts, one after another, and their gradients are summed before the one update. 1 is the whole batch at once."
    },
    "dropout": {
     "type": "number"
    },
    "classWeights": {
     "anyOf": [
      {
       "type": "array",
       "items": {
        "type": "number"
       }
      },
      {
       "type": "null"
      }
     ],
     "description": "One weight per class, by label index; null where all are 1."
    },
    "l2": {
     "type": "number",
     "description": "l2 * sum(w^2) over all kernels is added to the loss."
    },
    "labelSmoothing": {
     "type": "number",
     "description": "In [0, 1): so much of the target is spread evenly over all classes."
    },
    "clipNorm": {
     "type": [
      "number",
      "null"
     ],
     "description": "Largest Euclidean norm of all gradients together; null for no clipping."
    },
    "trainFraction": {
     "type": "number",
     "description": "In (0, 1]: trained on is this share of each class's training images."
    },
    "augment": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/Augmentation"
      },
      {
       "type": "null"
      }
     ]
    },
    "base": {
     "$ref": "#/components/schemas/BaseSettings",
     "description": "Of a transfer alone."
    },
    "dataSeed": {
     "type": "number",
     "description": "Shuffling, dropout and augmentation draw from (dataSeed, replicate, epoch, step)."
    }
   },
   "required": [
    "lr",
    "lrFrom",
    "batch",
    "accumulate",
    "dropout",
    "classWeights",
    "l2",
    "labelSmoothing",
    "clipNorm",
    "trainFraction",
    "augment",
    "dataSeed"
   ],
   "description": "What is in force in one epoch of an image classifier: hashed whole into that epoch's key."
  },
  "PlateauRule": {
   "type": "object",
   "properties": {
    "monitor": {
     "type": "string",
     "enum": [
      "train.loss",
      "train.accuracy",
      "val.loss",
      "val.accuracy",
      "val.auc"
     ]
    },
    "factor": {
     "type": "number"
    },
    "patience": {
     "type": "number"
    },
    "minDelta": {
     "type": "number"
    },
    "cooldown": {
     "type": "number"
    },
    "final": {
     "type": "number"
    }
   },
   "required": [
    "monitor",
    "factor",
    "patience",
    "minDelta",
    "cooldown",
    "final"
   ],
   "description": "Reduces a learning rate where `monitor` has stopped improving, as Keras' ReduceLROnPlateau: after `patience` epochs without a value better than the best by `minDelta`, the rate is multiplied by `factor`, but not below `final`, and for `cooldown` epochs none is counted. Losses improve downwards, everything else upwards. A pure function of the epochs before, all of which the key names: whoever trains decides, and what the rule goes on from travels in the checkpoint."
  },
  "Augmentation": {
   "type": "object",
   "properties": {
    "rotation": {
     "type": "number",
     "description": "Degrees: up to so much either way."
    },
    "shiftHorizontal": {
     "type": "number",
     "description": "Fractions of width and height: up to so much either way."
    },
    "shiftVertical": {
     "type": "number"
    },
    "shear": {
     "type": "number",
     "description": "Degrees: up to so much either way."
    },
    "zoom": {
     "type": "number",
     "description": "Each side by a factor of its own from 1 - zoom to 1 + zoom."
    },
    "flip": {
     "type": "string",
     "enum": [
      "none",
      "horizontal",
      "vertical",
      "both"
     ],
     "description": "Each direction with probability 1/2."
    },
    "contrast": {
     "type": "number",
     "description": "A factor from 1 - x to 1 + x: on the distance from the mean, and on the value."
    },
    "brightness": {
     "type": "number"
    },
    "crop": {
     "type": "number",
     "description": "A window whose sides are 1 - crop of the image's, anywhere in it, fills the input."
    },
    "noise": {
     "type": "number",
     "description": "Standard deviation of what is added to each value, as a share of the full range; absent for 0, as those below."
    },
    "cutout": {
     "type": "number",
     "description": "Sides of a hole over the image's: black, its centre anywhere in the image."
    },
    "mixup": {
     "type": "number",
     "description": "The image becomes a mixture with another of its epoch, by shares from Beta(mixup, mixup), its own the larger; its loss follows."
    },
    "fill": {
     "type": "string",
     "enum": [
      "constant",
      "nearest",
      "reflect",
      "wrap"
     ],
     "description": "What lies beyond the image's border, as scipy.ndimage and Keras mean it; `constant` is black."
    }
   },
   "required": [
    "rotation",
    "shiftHorizontal",
    "shiftVertical",
    "shear",
    "zoom",
    "flip",
    "contrast",
    "brightness",
    "crop",
    "fill"
   ],
   "description": "Random changes to each training image, drawn from (dataSeed, replicate, epoch, image), so that they depend on no batch. 0 (and `none`) leaves a transformation out. Epochs' evaluations and batch-norm statistics see the images as they are."
  },
  "BaseSettings": {
   "type": "object",
   "properties": {
    "freeze": {
     "$ref": "#/components/schemas/Freeze"
    },
    "lr": {
     "type": "number",
     "description": "Of what is trained of the base, in the place of the epoch's; rounded to float32."
    },
    "lrFactor": {
     "type": "number",
     "description": "What the epoch's rate is multiplied by for it."
    }
   },
   "required": [
    "freeze"
   ],
   "description": "What is in force for a transfer's base in one epoch. An epoch that trains other parameters than the one before begins with a new optimizer."
  },
  "Freeze": {
   "type": [
    "number",
    "string"
   ],
   "description": "What of a transfer's base is not trained: `all`, `none`, so many of its first layers, or those up to the one of a name."
  },
  "ClassicalEpochSettings": {
   "type": "object",
   "properties": {
    "classWeights": {
     "anyOf": [
      {
       "type": "array",
       "items": {
        "type": "number"
       }
      },
      {
       "type": "null"
      }
     ],
     "description": "As of an image classifier, and so are the others."
    },
    "trainFraction": {
     "type": "number"
    },
    "dataSeed": {
     "type": "number",
     "description": "The choice of a share of the images draws from (dataSeed, replicate)."
    }
   },
   "required": [
    "classWeights",
    "trainFraction",
    "dataSeed"
   ],
   "description": "What is in force in the epoch of a classical model: hashed whole into its key."
  },
  "SyntheticEpochSettings": {
   "type": "object",
   "properties": {
    "values": {
     "type": "object",
     "additionalProperties": {
      "$ref": "#/components/schemas/Json"
     }
    }
   },
   "required": [
    "values"
   ],
   "description": "What is in force in one epoch of a synthetic trainable, a command or a module: hyperparameter name to value."
  },
  "Submitted": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string"
    },
    "revision": {
     "type": "number"
    },
    "change": {
     "type": "string",
     "enum": [
      "created",
      "revised",
      "same"
     ]
    }
   },
   "required": [
    "id",
    "revision",
    "change"
   ]
  },
  "Changed": {
   "type": "object",
   "properties": {
    "preview": {
     "$ref": "#/components/schemas/Preview"
    },
    "sweep": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/SweepView"
      },
      {
       "type": "null"
      }
     ],
     "description": "As it stands now; null for a fork that was only looked at."
    },
    "applied": {
     "type": "boolean",
     "description": "False for a dry run, and where nothing changes."
    }
   },
   "required": [
    "preview",
    "sweep",
    "applied"
   ],
   "description": "What a command made of a sweep, or would make."
  },
  "Retried": {
   "type": "object",
   "properties": {
    "retried": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "Numbers of the trials that are queued again."
    },
    "remembered": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "number": {
        "type": "number"
       },
       "message": {
        "type": "string"
       }
      },
      "required": [
       "number",
       "message"
      ]
     },
     "description": "Trials whose failure is a result of their settings, which trying again would only repeat."
    },
    "stayCancelled": {
     "type": "number",
     "description": "How many trials were cancelled and stay so."
    },
    "epochs": {
     "type": "number",
     "description": "Distinct epochs that are still to be trained for those that are queued again."
    },
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    }
   },
   "required": [
    "retried",
    "remembered",
    "stayCancelled",
    "epochs",
    "sweep"
   ]
  },
  "Enqueued": {
   "type": "object",
   "properties": {
    "enqueued": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "number": {
        "type": "number"
       },
       "settings": {
        "$ref": "#/components/schemas/Assignment"
       },
       "observed": {
        "type": [
         "boolean",
         "null"
        ],
        "description": "Whether the sampler learns from it; null where it learns from none."
       }
      },
      "required": [
       "number",
       "settings",
       "observed"
      ]
     }
    },
    "known": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "number": {
        "type": "number"
       },
       "state": {
        "$ref": "#/components/schemas/TrialState"
       },
       "settings": {
        "$ref": "#/components/schemas/Assignment"
       }
      },
      "required": [
       "number",
       "state",
       "settings"
      ]
     },
     "description": "Asked for, but there already."
    },
    "stayCancelled": {
     "type": "number",
     "description": "How many trials were cancelled and stay so."
    },
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    }
   },
   "required": [
    "enqueued",
    "known",
    "stayCancelled",
    "sweep"
   ]
  },
  "TrialDetail": {
   "type": "object",
   "properties": {
    "sweep": {
     "$ref": "#/components/schemas/SweepView"
    },
    "trial": {
     "$ref": "#/components/schemas/TrialResult"
    },
    "curve": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/EpochRow"
     },
     "description": "As recorded, in order; may be shorter than planned."
    },
    "attempts": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/AttemptRow"
     }
    },
    "plan": {
     "$ref": "#/components/schemas/PlanView"
    },
    "peakBytes": {
     "type": [
      "number",
      "null"
     ],
     "description": "Most memory that a process took for this model, image size and batch, as far as it was measured."
    }
   },
   "required": [
    "sweep",
    "trial",
    "curve",
    "attempts",
    "plan",
    "peakBytes"
   ]
  },
  "EpochRow": {
   "type": "object",
   "properties": {
    "epoch": {
     "type": "number"
    },
    "key": {
     "type": "string"
    },
    "seconds": {
     "type": "number"
    },
    "metrics": {
     "type": "object",
     "additionalProperties": {
      "type": "number"
     }
    },
    "diverged": {
     "type": "boolean"
    },
    "checkpoint": {
     "type": [
      "string",
      "null"
     ]
    }
   },
   "required": [
    "epoch",
    "key",
    "seconds",
    "metrics",
    "diverged",
    "checkpoint"
   ]
  },
  "AttemptRow": {
   "type": "object",
   "properties": {
    "attempt": {
     "type": "string"
    },
    "worker": {
     "type": "string",
     "description": "Id of the worker, and its name, which is the id where it is not known any more."
    },
    "name": {
     "type": "string"
    },
    "kind": {
     "type": "string",
     "enum": [
      "train",
      "evaluate"
     ]
    },
    "from": {
     "type": "number"
    },
    "to": {
     "type": "number"
    },
    "outcome": {
     "type": [
      "string",
      "null"
     ]
    },
    "message": {
     "type": "string"
    },
    "log": {
     "type": "string",
     "description": "The end of what its process printed, once it has ended."
    },
    "leasedAt": {
     "type": "string"
    },
    "startedAt": {
     "type": [
      "string",
      "null"
     ],
     "description": "When a slot began it; null while it waits for one, and where it was given back before."
    },
    "endedAt": {
     "type": [
      "string",
      "null"
     ]
    }
   },
   "required": [
    "attempt",
    "worker",
    "name",
    "kind",
    "from",
    "to",
    "outcome",
    "message",
    "log",
    "leasedAt",
    "startedAt",
    "endedAt"
   ]
  },
  "PlanView": {
   "type": "object",
   "properties": {
    "trajectory": {
     "$ref": "#/components/schemas/Trajectory"
    },
    "epochs": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "count": {
        "type": "number"
       },
       "settings": {
        "$ref": "#/components/schemas/EpochSettings"
       }
      },
      "required": [
       "count",
       "settings"
      ]
     }
    }
   },
   "required": [
    "trajectory",
    "epochs"
   ],
   "description": "What is in force in a trial from its first epoch to its last, equal epochs in a row taken together."
  },
  "Trajectory": {
   "anyOf": [
    {
     "$ref": "#/components/schemas/ClassifierTrajectory"
    },
    {
     "$ref": "#/components/schemas/SyntheticTrajectory"
    },
    {
     "$ref": "#/components/schemas/ProgramTrajectory"
    }
   ]
  },
  "SyntheticTrajectory": {
   "type": "object",
   "properties": {
    "format": {
     "type": "number"
    },
    "trainable": {
     "type": "string",
     "const": "synthetic"
    },
    "version": {
     "type": "number"
    },
    "numerics": {
     "type": "string",
     "const": "none"
    },
    "epochMs": {
     "type": "number"
    },
    "metrics": {
     "type": "object",
     "additionalProperties": {
      "type": "string"
     },
     "description": "Metric name to expression over `epoch`, `replicate` and the hyperparameters in force."
    },
    "replicate": {
     "type": "number",
     "description": "What formulas call `replicate`; absent for 0."
    },
    "salt": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "format",
    "trainable",
    "version",
    "numerics",
    "epochMs",
    "metrics",
    "salt"
   ],
   "description": "The built-in `synthetic` trainable: sleeps and reports formulas; a pure function of epoch and hyperparameters."
  },
  "ProgramTrajectory": {
   "anyOf": [
    {
     "$ref": "#/components/schemas/CommandTrajectory"
    },
    {
     "$ref": "#/components/schemas/ModuleTrajectory"
    }
   ]
  },
  "CommandTrajectory": {
   "type": "object",
   "properties": {
    "format": {
     "type": "number"
    },
    "trainable": {
     "type": "string",
     "const": "command"
    },
    "version": {
     "type": "number",
     "description": "Of the contract between trawl and the program: raised where the same program would be told something else."
    },
    "numerics": {
     "type": "string",
     "const": "none"
    },
    "command": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "The program and its arguments."
    },
    "environment": {
     "type": "object",
     "additionalProperties": {
      "type": "string"
     },
     "description": "Variables of its environment beside those that every program gets."
    },
    "program": {
     "anyOf": [
      {
       "$ref": "#/components/schemas/BlobId"
      },
      {
       "type": "null"
      }
     ],
     "description": "Archive of its files; null where it has none."
    },
    "seed": {
     "type": "number"
    },
    "replicate": {
     "type": "number"
    },
    "salt": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "format",
    "trainable",
    "version",
    "numerics",
    "command",
    "environment",
    "program",
    "seed",
    "replicate",
    "salt"
   ],
   "description": "A program of the user's own, run as `command`, or a module of theirs: they learn what is in force in each epoch and report its metrics. Both may save checkpoints, whose content is theirs alone."
  },
  "ModuleTrajectory": {
   "type": "object",
   "properties": {
    "format": {
     "type": "number"
    },
    "trainable": {
     "type": "string",
     "const": "module"
    },
    "version": {
     "type": "number",
     "description": "As of a command."
    },
    "numerics": {
     "type": "string",
     "const": "none"
    },
    "program": {
     "$ref": "#/components/schemas/BlobId",
     "description": "Its code with all that it imports, one JavaScript file."
    },
    "seed": {
     "type": "number"
    },
    "replicate": {
     "type": "number"
    },
    "salt": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "format",
    "trainable",
    "version",
    "numerics",
    "program",
    "seed",
    "replicate",
    "salt"
   ]
  },
  "LogMessage": {
   "anyOf": [
    {
     "$ref": "#/components/schemas/LogAttempt"
    },
    {
     "$ref": "#/components/schemas/LogText"
    },
    {
     "type": "object",
     "properties": {
      "at": {
       "type": "string"
      }
     },
     "required": [
      "at"
     ],
     "description": "Where nothing else happens."
    },
    {
     "type": "object",
     "properties": {
      "at": {
       "type": "string"
      }
     },
     "required": [
      "at"
     ],
     "description": "The trial has ended: nothing follows, and the end of what its attempts printed is told by `GET /trials/:trial`."
    }
   ]
  },
  "LogAttempt": {
   "type": "object",
   "properties": {
    "attempt": {
     "type": "string"
    },
    "worker": {
     "type": "string",
     "description": "Id of the worker, and its name."
    },
    "name": {
     "type": "string"
    },
    "kind": {
     "type": "string",
     "enum": [
      "train",
      "evaluate"
     ]
    },
    "from": {
     "type": "number",
     "description": "Epochs [from, to)."
    },
    "to": {
     "type": "number"
    },
    "state": {
     "type": "string",
     "enum": [
      "live",
      "untold",
      "crowded",
      "ended"
     ],
     "description": "`live`: texts follow; `ended`: none do any more; `untold`: its worker is of a version that cannot tell; `crowded`: too many others are read now."
    }
   },
   "required": [
    "attempt",
    "worker",
    "name",
    "kind",
    "from",
    "to",
    "state"
   ],
   "description": "An attempt that is at a trial's epochs: told when it is first seen, and when its state changes."
  },
  "LogText": {
   "type": "object",
   "properties": {
    "attempt": {
     "type": "string"
    },
    "from": {
     "type": "number",
     "description": "Bytes that were printed before the first and up to the last of these."
    },
    "to": {
     "type": "number"
    },
    "text": {
     "type": "string",
     "description": "As it came, with all its control characters; bytes that are no UTF-8 read as U+FFFD."
    }
   },
   "required": [
    "attempt",
    "from",
    "to",
    "text"
   ],
   "description": "Of what an attempt printed. What lies between two of them, or before the first, was left out."
  },
  "PredictionsView": {
   "type": "object",
   "properties": {
    "part": {
     "$ref": "#/components/schemas/EvaluatedPart"
    },
    "epoch": {
     "type": "number",
     "description": "Whose weights predicted, from 0."
    },
    "classes": {
     "type": "array",
     "items": {
      "type": "string"
     }
    },
    "positive": {
     "type": "number",
     "description": "Label index of the positive class of two."
    },
    "of": {
     "type": "number",
     "description": "Images of the part."
    },
    "images": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "index": {
        "type": "number"
       },
       "name": {
        "type": "string"
       },
       "label": {
        "type": "number"
       }
      },
      "required": [
       "index",
       "name",
       "label"
      ]
     },
     "description": "Those that are told here, all or evenly chosen: place in the manifest, name, label."
    },
    "probabilities": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "Of each of these images a probability per class, one image after the other."
    }
   },
   "required": [
    "part",
    "epoch",
    "classes",
    "positive",
    "of",
    "images",
    "probabilities"
   ],
   "description": "What a model said of the images of one part, with what they are."
  },
  "EvaluatedPart": {
   "type": "string",
   "enum": [
    "val",
    "test"
   ]
  },
  "LayersView": {
   "type": "object",
   "properties": {
    "layers": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/LayerView"
     }
    }
   },
   "required": [
    "layers"
   ]
  },
  "LayerView": {
   "type": "object",
   "properties": {
    "name": {
     "type": "string"
    },
    "className": {
     "type": "string",
     "description": "The layer's class in Keras' words, e.g. Conv2D."
    },
    "output": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "[height, width, channels], or [units]."
    },
    "learnables": {
     "type": "number"
    },
    "params": {
     "type": "number",
     "description": "Learnables and moving statistics."
    },
    "multiplyAdds": {
     "type": "number",
     "description": "For one image."
    },
    "activationBytes": {
     "type": "number"
    }
   },
   "required": [
    "name",
    "className",
    "output",
    "learnables",
    "params",
    "multiplyAdds",
    "activationBytes"
   ],
   "description": "One layer of a model, as `trawl model` lists it."
  },
  "TrialBlob": {
   "type": "object",
   "properties": {
    "id": {
     "$ref": "#/components/schemas/BlobId"
    },
    "what": {
     "type": "string",
     "description": "E.g. `checkpoint of epoch 3`."
    },
    "bytes": {
     "type": [
      "number",
      "null"
     ],
     "description": "Null where it is not kept any more."
    }
   },
   "required": [
    "id",
    "what",
    "bytes"
   ],
   "description": "Something that a trial has stored."
  },
  "EnsembleComparison": {
   "type": "object",
   "properties": {
    "ensemble": {
     "$ref": "#/components/schemas/EnsembleView"
    },
    "class": {
     "type": "string",
     "description": "The class that the curves tell from the rest."
    },
    "curves": {
     "type": "object",
     "properties": {
      "ensemble": {
       "$ref": "#/components/schemas/RocCurve"
      },
      "members": {
       "type": "array",
       "items": {
        "$ref": "#/components/schemas/RocCurve"
       }
      }
     },
     "required": [
      "ensemble",
      "members"
     ]
    },
    "disagreement": {
     "type": "array",
     "items": {
      "type": "array",
      "items": {
       "type": "number"
      }
     },
     "description": "Share of the images of which two members say different classes, in the order of the members."
    },
    "sizes": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "number": {
        "type": "number"
       },
       "members": {
        "type": "number"
       },
       "value": {
        "type": [
         "number",
         "null"
        ]
       }
      },
      "required": [
       "number",
       "members",
       "value"
      ]
     },
     "description": "What the first k members score together, for every k: of rule greedy its path, see `ensemble.selection`; else the best trials in order."
    },
    "metric": {
     "type": "string",
     "description": "What `sizes` are measured by."
    }
   },
   "required": [
    "ensemble",
    "class",
    "curves",
    "disagreement",
    "sizes",
    "metric"
   ],
   "description": "The ensemble held against its members, all on the validation part."
  },
  "RocCurve": {
   "type": "object",
   "properties": {
    "falsePositiveRate": {
     "type": "array",
     "items": {
      "type": "number"
     }
    },
    "truePositiveRate": {
     "type": "array",
     "items": {
      "type": "number"
     }
    },
    "auc": {
     "type": [
      "number",
      "null"
     ],
     "description": "Area under it; null where the part has images of one kind only."
    }
   },
   "required": [
    "falsePositiveRate",
    "truePositiveRate",
    "auc"
   ],
   "description": "A curve of a binary question: one class against the rest, from (0, 0) to (1, 1)."
  },
  "File": {
   "type": "string",
   "description": "Bytes of the content type that the operation names."
  },
  "PredictionView": {
   "type": "object",
   "properties": {
    "class": {
     "type": "string"
    },
    "probabilities": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "class": {
        "type": "string"
       },
       "probability": {
        "type": "number"
       }
      },
      "required": [
       "class",
       "probability"
      ]
     }
    },
    "selfCheck": {
     "type": [
      "number",
      "null"
     ],
     "description": "How far this machine is from what was predicted of the bundle's own images; null where it has none."
    }
   },
   "required": [
    "class",
    "probabilities",
    "selfCheck"
   ],
   "description": "What an ensemble says of one image."
  },
  "DataSetView": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string",
     "description": "Of its manifest, which never changes."
    },
    "digest": {
     "type": "string",
     "description": "Of its content: the same for sets that differ in the names of files alone."
    },
    "sweeps": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "Names of the sweeps whose current revision uses it, the latest first."
    },
    "images": {
     "type": "number"
    },
    "classes": {
     "type": "array",
     "items": {
      "type": "string"
     }
    },
    "positive": {
     "type": "string",
     "description": "The positive one."
    },
    "counts": {
     "type": "object",
     "properties": {
      "train": {
       "type": "array",
       "items": {
        "type": "number"
       }
      },
      "val": {
       "type": "array",
       "items": {
        "type": "number"
       }
      },
      "test": {
       "type": "array",
       "items": {
        "type": "number"
       }
      }
     },
     "required": [
      "train",
      "val",
      "test"
     ],
     "description": "Images of each class, in the order of `classes`."
    },
    "rejected": {
     "type": "number",
     "description": "How many files were left out since they cannot be read."
    },
    "warnings": {
     "type": "array",
     "items": {
      "type": "string"
     }
    }
   },
   "required": [
    "id",
    "digest",
    "sweeps",
    "images",
    "classes",
    "positive",
    "counts",
    "rejected",
    "warnings"
   ],
   "description": "One that a sweep trains on."
  },
  "DataSetDetail": {
   "type": "object",
   "properties": {
    "set": {
     "$ref": "#/components/schemas/DataSetView"
    },
    "looks": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/DataLook"
     }
    },
    "rejected": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "file": {
        "type": "string"
       },
       "why": {
        "type": "string"
       }
      },
      "required": [
       "file",
       "why"
      ]
     },
     "description": "The first 1,000."
    }
   },
   "required": [
    "set",
    "looks",
    "rejected"
   ]
  },
  "DataLook": {
   "type": "object",
   "properties": {
    "sweep": {
     "type": "string"
    },
    "sizes": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "Values of its hyperparameter imageSize, in pixels."
    },
    "channels": {
     "type": "number",
     "enum": [
      1,
      3
     ]
    },
    "resize": {
     "type": "string",
     "enum": [
      "stretch",
      "pad",
      "crop"
     ],
     "description": "How other aspect ratios become the input's: distort, letter-box with black, or cut the centre."
    },
    "crop": {
     "type": [
      "string",
      "null"
     ],
     "enum": [
      "box",
      "masks",
      null
     ],
     "description": "What is cut out before: a fixed box, or the box of each image's mask."
    }
   },
   "required": [
    "sweep",
    "sizes",
    "channels",
    "resize",
    "crop"
   ],
   "description": "How a sweep's networks see images."
  },
  "DataSizes": {
   "type": "object",
   "properties": {
    "images": {
     "type": "number"
    },
    "sampled": {
     "type": "number",
     "description": "How many files were looked at, evenly spread over all."
    },
    "sizes": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "width": {
        "type": "number"
       },
       "height": {
        "type": "number"
       },
       "channels": {
        "type": "number"
       },
       "count": {
        "type": "number"
       }
      },
      "required": [
       "width",
       "height",
       "channels",
       "count"
      ]
     },
     "description": "Of those: as they are shown, the most frequent first."
    },
    "bytes": {
     "type": "object",
     "properties": {
      "least": {
       "type": "number"
      },
      "median": {
       "type": "number"
      },
      "most": {
       "type": "number"
      },
      "total": {
       "type": "number"
      }
     },
     "required": [
      "least",
      "median",
      "most",
      "total"
     ],
     "description": "Of all files."
    }
   },
   "required": [
    "images",
    "sampled",
    "sizes",
    "bytes"
   ],
   "description": "What its files look like."
  },
  "DataImages": {
   "type": "object",
   "properties": {
    "total": {
     "type": "number",
     "description": "Of those that were asked for."
    },
    "images": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/DataImage"
     }
    }
   },
   "required": [
    "total",
    "images"
   ]
  },
  "DataImage": {
   "type": "object",
   "properties": {
    "index": {
     "type": "number",
     "description": "In the manifest: what predictions count by, too."
    },
    "name": {
     "type": "string"
    },
    "label": {
     "type": "number"
    },
    "part": {
     "$ref": "#/components/schemas/Part"
    },
    "bytes": {
     "type": "number"
    },
    "digest": {
     "type": "string",
     "description": "Of its bytes."
    }
   },
   "required": [
    "index",
    "name",
    "label",
    "part",
    "bytes",
    "digest"
   ]
  },
  "Part": {
   "type": "string",
   "enum": [
    "train",
    "val",
    "test"
   ],
   "description": "A part of the data set. Evaluations exist for `val` and `test`; `train` is trained on."
  },
  "WorkerView": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string"
    },
    "name": {
     "type": "string"
    },
    "state": {
     "type": "string",
     "enum": [
      "active",
      "draining",
      "quarantined",
      "gone"
     ],
     "description": "`draining`: it gives everything back and leaves. `quarantined`: it is given nothing for a while, since what it was given failed."
    },
    "carrier": {
     "type": [
      "string",
      "null"
     ],
     "enum": [
      "grpc",
      "nats",
      null
     ],
     "description": "Null where it is not known."
    },
    "pool": {
     "type": [
      "string",
      "null"
     ]
    },
    "labels": {
     "type": "object",
     "additionalProperties": {
      "type": "string"
     }
    },
    "engine": {
     "type": "string",
     "description": "What it trains with where nothing else is asked for, for a person."
    },
    "numerics": {
     "type": "array",
     "items": {
      "type": "string"
     },
     "description": "What it can train with, the best first."
    },
    "slots": {
     "type": "number"
    },
    "busy": {
     "type": "number"
    },
    "memoryBytes": {
     "type": "number"
    },
    "gpus": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/GpuView"
     }
    },
    "epochsPerSecond": {
     "type": [
      "number",
      "null"
     ],
     "description": "Over the last minute; null where it is not told."
    },
    "cache": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "bytes": {
         "type": "number"
        },
        "limitBytes": {
         "type": "number"
        }
       },
       "required": [
        "bytes",
        "limitBytes"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "What it keeps on its disk to use again: packs, decoded images, programs; null where it is not told."
    },
    "lastSeenSeconds": {
     "type": "number"
    },
    "quarantinedForSeconds": {
     "type": [
      "number",
      "null"
     ],
     "description": "Null outside quarantine."
    },
    "quarantinedWhy": {
     "type": [
      "string",
      "null"
     ],
     "description": "How the last of the failures that put it there ended; null outside quarantine."
    },
    "drain": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "by": {
         "type": "string"
        },
        "at": {
         "type": "string"
        }
       },
       "required": [
        "by",
        "at"
       ]
      },
      {
       "type": "null"
      }
     ],
     "description": "Of one that is draining, or has left since: who asked for it, and when (ISO 8601, UTC). Null where nobody has."
    },
    "stages": {
     "type": "array",
     "items": {
      "$ref": "#/components/schemas/WorkerStage"
     }
    }
   },
   "required": [
    "id",
    "name",
    "state",
    "carrier",
    "pool",
    "labels",
    "engine",
    "numerics",
    "slots",
    "busy",
    "memoryBytes",
    "gpus",
    "epochsPerSecond",
    "cache",
    "lastSeenSeconds",
    "quarantinedForSeconds",
    "quarantinedWhy",
    "drain",
    "stages"
   ]
  },
  "GpuView": {
   "type": "object",
   "properties": {
    "index": {
     "type": "number"
    },
    "name": {
     "type": "string"
    },
    "memoryBytes": {
     "type": "number"
    },
    "usedBytes": {
     "type": [
      "number",
      "null"
     ],
     "description": "Null where it is not told."
    },
    "utilisation": {
     "type": [
      "number",
      "null"
     ]
    },
    "celsius": {
     "type": [
      "number",
      "null"
     ]
    }
   },
   "required": [
    "index",
    "name",
    "memoryBytes",
    "usedBytes",
    "utilisation",
    "celsius"
   ]
  },
  "WorkerStage": {
   "type": "object",
   "properties": {
    "kind": {
     "type": "string",
     "enum": [
      "train",
      "evaluate"
     ]
    },
    "sweep": {
     "type": [
      "string",
      "null"
     ],
     "description": "Name of a sweep that wants it; null where none does any more."
    },
    "trials": {
     "type": "array",
     "items": {
      "type": "number"
     },
     "description": "Numbers of the trials that wait for it."
    },
    "from": {
     "type": "number"
    },
    "to": {
     "type": "number"
    },
    "epoch": {
     "type": "number"
    }
   },
   "required": [
    "kind",
    "sweep",
    "trials",
    "from",
    "to",
    "epoch"
   ],
   "description": "What a worker is at."
  },
  "QueueView": {
   "type": "object",
   "properties": {
    "waiting": {
     "anyOf": [
      {
       "type": "object",
       "properties": {
        "worker": {
         "type": "number"
        },
        "pool": {
         "type": "number"
        },
        "engine": {
         "type": "number"
        },
        "memory": {
         "type": "number"
        },
        "alone": {
         "type": "number"
        },
        "slot": {
         "type": "number"
        },
        "concurrency": {
         "type": "number"
        },
        "budget": {
         "type": "number"
        }
       },
       "required": [
        "worker",
        "pool",
        "engine",
        "memory",
        "alone",
        "slot",
        "concurrency",
        "budget"
       ]
      },
      {
       "type": "null"
      }
     ]
    }
   },
   "required": [
    "waiting"
   ],
   "description": "Pieces of work (stages and evaluations) that are ready, by what they wait for. Null where nobody leads here."
  },
  "Drained": {
   "type": "object",
   "properties": {
    "leaves": {
     "type": "boolean",
     "description": "False for a worker of an older version, which gives everything back, and stays without work."
    }
   },
   "required": [
    "leaves"
   ]
  },
  "Released": {
   "type": "object",
   "properties": {
    "released": {
     "type": "boolean",
     "description": "False where it was not quarantined."
    }
   },
   "required": [
    "released"
   ]
  },
  "TokenView": {
   "type": "object",
   "properties": {
    "id": {
     "type": "string"
    },
    "name": {
     "type": "string"
    },
    "role": {
     "$ref": "#/components/schemas/Role"
    },
    "state": {
     "type": "string",
     "enum": [
      "valid",
      "expired",
      "revoked"
     ]
    },
    "createdAt": {
     "type": "string"
    },
    "createdBy": {
     "type": "string"
    },
    "expiresAt": {
     "type": [
      "string",
      "null"
     ],
     "description": "Null for never, as of the following."
    },
    "revokedAt": {
     "type": [
      "string",
      "null"
     ]
    },
    "lastUsed": {
     "type": [
      "string",
      "null"
     ],
     "description": "To the minute."
    }
   },
   "required": [
    "id",
    "name",
    "role",
    "state",
    "createdAt",
    "createdBy",
    "expiresAt",
    "revokedAt",
    "lastUsed"
   ],
   "description": "A token as its maker sees it; the secret is shown once, when it is made."
  },
  "MadeToken": {
   "type": "object",
   "properties": {
    "token": {
     "$ref": "#/components/schemas/TokenView"
    },
    "secret": {
     "type": "string"
    }
   },
   "required": [
    "token",
    "secret"
   ]
  },
  "GarbageView": {
   "type": "object",
   "properties": {
    "deleted": {
     "type": "boolean"
    },
    "more": {
     "type": "boolean",
     "description": "Of a deletion: there was no time for all of them in one request."
    },
    "bytes": {
     "type": "number"
    },
    "blobs": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {
       "id": {
        "type": "string"
       },
       "kind": {
        "type": "string"
       },
       "bytes": {
        "type": [
         "number",
         "null"
        ]
       },
       "lastUsed": {
        "type": "string"
       }
      },
      "required": [
       "id",
       "kind",
       "bytes",
       "lastUsed"
      ]
     }
    }
   },
   "required": [
    "deleted",
    "more",
    "bytes",
    "blobs"
   ],
   "description": "Blobs that nothing refers to, the longest unused first."
  },
  "Refusal": {
   "type": "object",
   "properties": {
    "code": {
     "type": "string"
    },
    "message": {
     "type": "string"
    },
    "leader": {
     "type": [
      "string",
      "null"
     ],
     "description": "Of a standby (code NotLeader): where the coordinator that leads is; null where it is not known."
    }
   },
   "required": [
    "code",
    "message"
   ],
   "description": "What every operation answers with a status of 400 or above (docs/errors.md lists the codes)."
  }
 },
 "answers": {
  "GET /health": {
   "$ref": "#/components/schemas/Health"
  },
  "POST /login": {
   "$ref": "#/components/schemas/Me"
  },
  "POST /logout": {
   "$ref": "#/components/schemas/Done"
  },
  "GET /me": {
   "$ref": "#/components/schemas/Me"
  },
  "POST /login-codes": {
   "$ref": "#/components/schemas/LoginCode"
  },
  "GET /costs": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/SweepCosts"
   }
  },
  "GET /sweeps/:sweep/leaderboard": {
   "$ref": "#/components/schemas/LeaderboardView"
  },
  "GET /sweeps/:sweep/series": {
   "$ref": "#/components/schemas/SeriesView"
  },
  "GET /sweeps/:sweep/curves": {
   "$ref": "#/components/schemas/CurvesView"
  },
  "GET /sweeps/:sweep/points": {
   "$ref": "#/components/schemas/PointsView"
  },
  "GET /sweeps/:sweep/pareto": {
   "$ref": "#/components/schemas/PointsView"
  },
  "GET /sweeps/:sweep/failures": {
   "$ref": "#/components/schemas/FailuresView"
  },
  "GET /sweeps/:sweep/space": {
   "$ref": "#/components/schemas/SpaceView"
  },
  "GET /sweeps/:sweep/timeline": {
   "$ref": "#/components/schemas/SlotTimeline"
  },
  "GET /sweeps/:sweep/stages": {
   "$ref": "#/components/schemas/StagesView"
  },
  "GET /events": {
   "$ref": "#/components/schemas/StreamMessage"
  },
  "GET /sweeps/:sweep/events": {
   "$ref": "#/components/schemas/EventPage"
  },
  "GET /sweeps": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/SweepView"
   }
  },
  "GET /sweeps/:sweep": {
   "$ref": "#/components/schemas/SweepView"
  },
  "GET /progress": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/ProgressView"
   }
  },
  "GET /sweeps/:sweep/progress": {
   "$ref": "#/components/schemas/ProgressView"
  },
  "GET /sweeps/:sweep/trials": {
   "$ref": "#/components/schemas/Results"
  },
  "GET /sweeps/:sweep/importance": {
   "$ref": "#/components/schemas/ImportanceView"
  },
  "GET /sweeps/:sweep/cost": {
   "$ref": "#/components/schemas/CostView"
  },
  "GET /sweeps/:sweep/differences": {
   "type": "array",
   "items": {
    "type": "string"
   }
  },
  "GET /sweeps/:sweep/ensemble": {
   "$ref": "#/components/schemas/EnsembleView"
  },
  "GET /sweeps/:sweep/recorded": {
   "$ref": "#/components/schemas/Recorded"
  },
  "GET /sweeps/:sweep/file": {
   "$ref": "#/components/schemas/SweepFileView"
  },
  "GET /sweeps/:sweep/note": {
   "$ref": "#/components/schemas/NoteView"
  },
  "GET /recordings": {
   "$ref": "#/components/schemas/RecordingsEnd"
  },
  "GET /comparison": {
   "$ref": "#/components/schemas/SweepComparison"
  },
  "POST /sweeps/preview": {
   "$ref": "#/components/schemas/Preview"
  },
  "POST /sweeps": {
   "$ref": "#/components/schemas/Submitted"
  },
  "POST /sweeps/text": {
   "$ref": "#/components/schemas/Submitted"
  },
  "POST /sweeps/text/preview": {
   "$ref": "#/components/schemas/Preview"
  },
  "POST /sweeps/:sweep/state": {
   "$ref": "#/components/schemas/Done"
  },
  "POST /sweeps/:sweep/changes": {
   "$ref": "#/components/schemas/Changed"
  },
  "POST /sweeps/:sweep/forks": {
   "$ref": "#/components/schemas/Changed"
  },
  "POST /sweeps/:sweep/retries": {
   "$ref": "#/components/schemas/Retried"
  },
  "POST /sweeps/:sweep/trials": {
   "$ref": "#/components/schemas/Enqueued"
  },
  "POST /sweeps/:sweep/note": {
   "$ref": "#/components/schemas/NoteView"
  },
  "POST /sweeps/:sweep/tags": {
   "$ref": "#/components/schemas/SweepView"
  },
  "GET /trials/:trial": {
   "$ref": "#/components/schemas/TrialDetail"
  },
  "GET /trials/:trial/log": {
   "$ref": "#/components/schemas/LogMessage"
  },
  "GET /trials/:trial/predictions": {
   "$ref": "#/components/schemas/PredictionsView"
  },
  "GET /trials/:trial/layers": {
   "$ref": "#/components/schemas/LayersView"
  },
  "GET /trials/:trial/blobs": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/TrialBlob"
   }
  },
  "GET /sweeps/:sweep/ensemble/comparison": {
   "$ref": "#/components/schemas/EnsembleComparison"
  },
  "GET /sweeps/:sweep/ensemble/bundle": {
   "$ref": "#/components/schemas/File"
  },
  "POST /sweeps/:sweep/ensemble/predictions": {
   "$ref": "#/components/schemas/PredictionView"
  },
  "GET /datasets": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/DataSetView"
   }
  },
  "GET /datasets/:dataset": {
   "$ref": "#/components/schemas/DataSetDetail"
  },
  "GET /datasets/:dataset/sizes": {
   "$ref": "#/components/schemas/DataSizes"
  },
  "GET /datasets/:dataset/images": {
   "$ref": "#/components/schemas/DataImages"
  },
  "GET /workers": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/WorkerView"
   }
  },
  "GET /queue": {
   "$ref": "#/components/schemas/QueueView"
  },
  "GET /timeline": {
   "$ref": "#/components/schemas/SlotTimeline"
  },
  "POST /workers/:worker/drain": {
   "$ref": "#/components/schemas/Drained"
  },
  "POST /workers/:worker/release": {
   "$ref": "#/components/schemas/Released"
  },
  "GET /tokens": {
   "type": "array",
   "items": {
    "$ref": "#/components/schemas/TokenView"
   }
  },
  "POST /tokens": {
   "$ref": "#/components/schemas/MadeToken"
  },
  "DELETE /tokens/:token": {
   "$ref": "#/components/schemas/TokenView"
  },
  "POST /garbage": {
   "$ref": "#/components/schemas/GarbageView"
  }
 }
};
